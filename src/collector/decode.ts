import { PermanentError } from "../model/errors.ts";
import { decodeJsonLogs, decodeJsonTraces } from "./decode-json.ts";
import { decodeProtobufLogs, decodeProtobufTraces } from "./decode-protobuf.ts";
import { mapLog } from "./map-labels.ts";
import { mapContents } from "./map-contents.ts";
import { mapTrace } from "./map-trace.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";
import type { Decoded, OtlpLog, OtlpSpan } from "./otlp.ts";

/** The two forms of OTLP over HTTP. */
export type OtlpEncoding = "protobuf" | "json";

/**
 * Reads an OTLP trace export: bytes in, runs, steps and labels out.
 *
 * @param arrivedAtMs The collector's clock, in milliseconds since the epoch.
 * @throws {PermanentError} If the bytes are not such an export. A bad span inside is set aside alone.
 */
export function readTraces(bytes: Uint8Array, encoding: OtlpEncoding, arrivedAtMs: number): Mapped {
  const decoded = decoding("traces", encoding, () =>
    encoding === "protobuf" ? decodeProtobufTraces(bytes) : decodeJsonTraces(utf8(bytes)),
  );
  const mapped = emptyMapped();
  mapped.bad.push(...decoded.bad);
  const traces = new Map<string, OtlpSpan[]>();
  for (const span of decoded.records) {
    const spans = traces.get(span.traceId);
    if (spans === undefined) traces.set(span.traceId, [span]);
    else spans.push(span);
  }
  for (const [traceId, spans] of traces) guarded(mapped, traceId, () => mapTrace(spans, arrivedAtMs, mapped));
  return mapped;
}

/**
 * Reads an OTLP log export: the reviews and outcomes among its records, and the content of model calls.
 *
 * @throws {PermanentError} If the bytes are not such an export. A bad record inside is set aside alone.
 */
export function readLogs(bytes: Uint8Array, encoding: OtlpEncoding, arrivedAtMs: number): Mapped {
  const decoded = decoding("logs", encoding, () =>
    encoding === "protobuf" ? decodeProtobufLogs(bytes) : decodeJsonLogs(utf8(bytes)),
  );
  const mapped = emptyMapped();
  mapped.bad.push(...decoded.bad);
  const rest: OtlpLog[] = [];
  for (const log of decoded.records) guarded(mapped, log.traceId, () => addLabel(log, mapped, rest));
  mapContents(rest, arrivedAtMs, mapped, (traceId, work) => guarded(mapped, traceId, work));
  return mapped;
}

function addLabel(log: OtlpLog, mapped: Mapped, rest: OtlpLog[]) {
  const label = mapLog(log);
  if (label === null) rest.push(log);
  else if (label.kind !== "bad") mapped.labels.push(label);
  else mapped.bad.push({ reason: label.reason, body: Object.fromEntries(log.attributes) });
}

/** Content that nests thousands of levels deep overflows the stack; only its own trace may suffer. */
function guarded(mapped: Mapped, traceId: string, map: () => void) {
  try {
    map();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    mapped.bad.push({ reason: "bad_nesting", body: traceId });
  }
}

function decoding<T>(what: string, encoding: OtlpEncoding, decode: () => Decoded<T>): Decoded<T> {
  try {
    return decode();
  } catch (cause) {
    throw new PermanentError(`Cannot read ${what}: the body is not an OTLP export in ${encoding}`, { cause });
  }
}

const textDecoder = new TextDecoder();

function utf8(bytes: Uint8Array): string {
  return textDecoder.decode(bytes);
}
