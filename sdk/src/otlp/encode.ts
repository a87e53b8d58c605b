import type { AttributeValue, Attributes, LogRecord, SpanRecord } from "../record.ts";
import { ProtoWriter, varintLength } from "./proto-writer.ts";

// Field numbers: opentelemetry-proto 1.x, trace.proto, logs.proto, common.proto and the two collector services.
const spanKindInternal = 1;
const statusError = 2;
const severityInfo = 9;
const int64Max = 2 ** 53;

/** Encodes one span as a member of `ScopeSpans.spans`. `createRequestHead` makes a request of several. */
export function encodeSpan(writer: ProtoWriter, span: SpanRecord): void {
  const start = writer.open(2);
  writer.hex(1, span.traceId);
  writer.hex(2, span.spanId);
  if (span.parentSpanId !== "") writer.hex(4, span.parentSpanId);
  writer.string(5, span.name);
  writer.uint(6, spanKindInternal);
  writer.time(7, span.startMs);
  writer.time(8, Math.max(span.startMs, span.endMs));
  writer.raw(span.constants.encoded);
  writeAttributes(writer, 9, span.attributes);
  if (span.inputs !== null) {
    writeAttribute(writer, 9, "evenkeel.input", JSON.stringify(span.inputs.value));
  }
  if (span.outputs !== null) {
    writeAttribute(writer, 9, "evenkeel.output", JSON.stringify(span.outputs.value));
  }
  if (span.error !== null) writeError(writer, span);
  writer.close(start);
}

function writeError(writer: ProtoWriter, { error, endMs }: SpanRecord): void {
  if (error === null) return;
  const event = writer.open(11);
  writer.time(1, endMs);
  writer.string(2, "exception");
  writeAttribute(writer, 3, "exception.type", error.type);
  writeAttribute(writer, 3, "exception.message", error.message);
  writeAttribute(writer, 3, "exception.stacktrace", error.stack);
  writer.close(event);
  const status = writer.open(15);
  writer.string(2, error.message);
  writer.uint(3, statusError);
  writer.close(status);
}

/** Encodes one review or outcome as a member of `ScopeLogs.log_records`. */
export function encodeLog(writer: ProtoWriter, log: LogRecord): void {
  const start = writer.open(2);
  writer.time(1, log.atMs);
  writer.uint(2, severityInfo);
  writeAttributes(writer, 6, log.attributes);
  writer.time(11, log.atMs);
  writer.string(12, log.eventName);
  writer.close(start);
}

/**
 * Makes the head of an export request: what goes before encoded spans or log records. `resource_spans`,
 * `scope_spans` and their counterparts for logs have the same field numbers, so one head serves both.
 *
 * @returns a function from the length of the encoded items to their head.
 */
export function createRequestHead(resource: Attributes, sdkVersion: string): (bytes: number) => Buffer {
  const writer = new ProtoWriter(512);
  const resourceStart = writer.open(1);
  writeAttributes(writer, 1, resource);
  writer.close(resourceStart);
  const resourceBytes = Buffer.from(writer.bytes());
  writer.cutTo(0);
  const scope = writer.open(1);
  writer.string(1, "@evenkeel/sdk");
  writer.string(2, sdkVersion);
  writer.close(scope);
  const scopeBytes = Buffer.from(writer.bytes());

  return (bytes) => {
    const scopeLength = scopeBytes.length + bytes;
    const outerLength = resourceBytes.length + 1 + varintLength(scopeLength) + scopeLength;
    const prefix = [lengthPrefix(1, outerLength), resourceBytes, lengthPrefix(2, scopeLength), scopeBytes];
    return Buffer.concat(prefix);
  };
}

/** Encodes attributes once, for spans that share them. */
export function encodeSpanAttributes(attributes: Attributes): Uint8Array {
  const writer = new ProtoWriter(512);
  writeAttributes(writer, 9, attributes);
  return Buffer.from(writer.bytes());
}

function lengthPrefix(field: number, length: number): Buffer {
  const bytes = [field * 8 + 2];
  let rest = length;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of attributes) writeAttribute(writer, field, key, value);
}

function writeAttribute(writer: ProtoWriter, field: number, key: string, value: AttributeValue): void {
  const attribute = writer.open(field);
  writer.string(1, key);
  const any = writer.open(2);
  if (typeof value === "string") writer.string(1, value);
  else if (typeof value === "boolean") writer.uint(2, value ? 1 : 0);
  else if (Number.isInteger(value) && Math.abs(value) < int64Max) writer.int(3, value);
  else writer.double(4, value);
  writer.close(any);
  writer.close(attribute);
}
