import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Core, Frame, SpanState } from "./core.ts";
import { type Constants, errorRecord } from "./record.ts";
import { snapshot } from "./snapshot.ts";
import { countDrop } from "./stats.ts";

/** What a span starts with. */
export interface SpanStart {
  name: string;
  /** The span it happens in; null for a run. */
  parent: SpanState | null;
  constants: Constants;
}

/** Opens a span at the present time, on the host's tracer in `joinHost` mode. */
export function openSpan(core: Core, { name, parent, constants }: SpanStart): SpanState {
  const startMs = core.settings.clock.nowMs();
  const host = core.hostTracer?.startSpan(name, { startTime: startMs }) ?? null;
  return {
    traceId: parent?.traceId ?? host?.spanContext().traceId ?? core.randomHex(16),
    spanId: host?.spanContext().spanId ?? core.randomHex(8),
    parentSpanId: parent?.spanId ?? "",
    name,
    startMs,
    endMs: startMs,
    constants,
    attributes: new Map(),
    inputs: null,
    outputs: null,
    error: null,
    host,
  };
}

/** How a call ended. */
export type Ending = { kind: "returned"; value: unknown } | { kind: "threw"; thrown: unknown };

/** Ends a span: takes the time, the output or the error. */
export function endSpan(core: Core, span: SpanState, ending: Ending): void {
  span.endMs = core.settings.clock.nowMs();
  if (ending.kind === "returned") span.outputs = snapshot(ending.value);
  else span.error = errorRecord(ending.thrown);
  if (span.inputs?.truncated === true || span.outputs?.truncated === true) {
    span.attributes.set("evenkeel.attr.truncated", "true");
  }
  if (span.host !== null) endHostSpan(core, span);
}

/**
 * Writes a span's content to the host's span. Spans of the OpenTelemetry API carry no objects, so here the
 * JSON text is made on the spot.
 */
function endHostSpan(core: Core, span: SpanState): void {
  const { host, inputs, outputs, error } = span;
  if (host?.isRecording() !== true) {
    countDrop(core.stats, "not_recorded");
    return;
  }
  host.setAttributes(Object.fromEntries([...span.constants.attributes, ...span.attributes]));
  if (inputs !== null) host.setAttribute("evenkeel.input", JSON.stringify(inputs.value));
  if (outputs !== null) host.setAttribute("evenkeel.output", JSON.stringify(outputs.value));
  if (error !== null) {
    host.recordException({ name: error.type, message: error.message, stack: error.stack }, span.endMs);
    host.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  host.end(span.endMs);
}

/** Calls `call` inside a frame, so that `currentRun()`, steps and, if joined, the host's spans find it. */
export function within<T>(core: Core, frame: Frame, call: () => T): T {
  const { host } = frame.span;
  if (host === null) return core.active.run(frame, call);
  return core.active.run(frame, () => context.with(trace.setSpan(context.active(), host), call));
}
