import type { Json } from "../model/json.ts";

/** Attributes by name. Values are plain JSON; 64-bit integers beyond 2^53 and NaN are held as strings. */
export type Attributes = ReadonlyMap<string, Json>;

/** A named moment inside a span. */
export interface SpanEvent {
  name: string;
  timeMs: number;
  attributes: Attributes;
}

/** One OTLP span, with only what the collector reads. Times are fractional milliseconds. */
export interface OtlpSpan {
  /** 32 and 16 lower-case hex digits. */
  traceId: string;
  spanId: string;
  /** "" for a root. */
  parentSpanId: string;
  /** The parent lives in another process, so this span is a root of what its own process sends. */
  parentIsRemote: boolean;
  name: string;
  startMs: number;
  endMs: number;
  failed: boolean;
  statusMessage: string;
  attributes: Attributes;
  events: SpanEvent[];
  resource: Attributes;
}

/** One OTLP log record. `traceId` and `spanId` are "" where it has none. */
export interface OtlpLog {
  eventName: string;
  timeMs: number;
  traceId: string;
  spanId: string;
  body: Json;
  attributes: Attributes;
  resource: Attributes;
}

/** One record of a request that could not be read, while its neighbours could. */
export interface BadRecord {
  reason: string;
  /** What it looked like, for the reject queue; not redacted yet. */
  body: Uint8Array | Json;
}

/** What a request held. */
export interface Decoded<T> {
  records: T[];
  bad: BadRecord[];
}

/** Attributes nest no deeper than this; a deeper one makes its record bad. */
export const attributeDepthMax = 32;

const traceIdForm = /^(?!0{32})[0-9a-f]{32}$/;
const spanIdForm = /^(?!0{16})[0-9a-f]{16}$/;

/** Why a span cannot be used, or null. */
export function spanFault(span: OtlpSpan): string | null {
  if (!traceIdForm.test(span.traceId)) return "bad_trace_id";
  if (!spanIdForm.test(span.spanId)) return "bad_span_id";
  if (span.parentSpanId !== "" && !spanIdForm.test(span.parentSpanId)) return "bad_parent_span_id";
  return null;
}

/** A number as JSON can hold it: NaN and the infinities become their names. */
export function jsonNumber(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}
