import type { AsyncLocalStorage } from "node:async_hooks";
import type { Span, Tracer } from "@opentelemetry/api";
import type { Settings } from "./options.ts";
import { encodeLog, encodeSpan } from "./otlp/encode.ts";
import type { Pipeline } from "./pipeline.ts";
import type { RandomHex } from "./random-hex.ts";
import type { AttributeValue, LogRecord, SpanRecord } from "./record.ts";
import { countDrop, type Stats } from "./stats.ts";

/** What the parts of one client share. */
export interface Core {
  settings: Settings;
  stats: Stats;
  pipeline: Pipeline;
  /** The run that the current asynchronous context belongs to, and its innermost span. */
  active: AsyncLocalStorage<Frame>;
  /** The call that answers a frozen input, around everything that happens in it. */
  canary: AsyncLocalStorage<CanaryCall>;
  /** Ids of traces and spans. */
  randomHex: RandomHex;
  /** The host's tracer, if its spans carry the runs. */
  hostTracer: Tracer | null;
}

/** One call that answers a frozen input. */
export interface CanaryCall {
  caseId: string;
  roundId: string;
  runId: string;
  /** The run that it became; null while no observed function has been called in it. */
  run: RunState | null;
}

/** A run in progress. */
export interface RunState {
  id: string;
  workflow: string;
  /** The run's own span first, then those of the steps that have ended. */
  spans: SpanState[];
  ended: boolean;
}

/** The span of a run or step in progress. */
export interface SpanState extends SpanRecord {
  /** The host's span that carries it, in `joinHost` mode. */
  host: Span | null;
}

/** Where in a run the current asynchronous context is. */
export interface Frame {
  run: RunState;
  span: SpanState;
}

const spanBytes = 1024;
const logBytes = 512;

/** Sends finished spans that belong together. */
export function emitSpans(core: Core, spans: readonly SpanRecord[]): void {
  let bytes = 0;
  for (const span of spans) bytes += spanBytes + (span.inputs?.bytes ?? 0) + (span.outputs?.bytes ?? 0);
  core.pipeline.enqueue({
    signal: "traces",
    bytes,
    encode(writer) {
      for (const span of spans) encodeSpan(writer, span);
    },
  });
}

/** Sends a review or an outcome. */
export function emitLog(core: Core, log: LogRecord, contentBytes: number): void {
  core.pipeline.enqueue({
    signal: "logs",
    bytes: logBytes + contentBytes,
    encode: (writer) => encodeLog(writer, log),
  });
}

/**
 * Runs what captures data for a run. It works on values of the host (getters, proxies, options from
 * JavaScript callers), so whatever it throws is counted and goes no further.
 */
export function capture<T>(core: Core, work: () => T): T | null {
  try {
    return work();
  } catch {
    countDrop(core.stats, "capture_failed");
    return null;
  }
}

/** Sets an attribute if the value is of a kind that attributes can carry. */
export function setAttribute(span: SpanRecord, name: string, value: unknown): void {
  if (isAttributeValue(value)) span.attributes.set(name, value);
}

function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
