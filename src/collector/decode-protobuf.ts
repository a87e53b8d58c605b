import type { Reader } from "protobufjs/minimal.js";
import protobuf from "protobufjs/minimal.js";
import type { Json, JsonObject } from "../model/json.ts";
import type { Attributes, BadRecord, Decoded, OtlpLog, OtlpSpan, SpanEvent } from "./otlp.ts";
import {
  eventTags,
  keyValueTags,
  listTags,
  logTags,
  request,
  resourceRecords,
  resourceTags,
  scopeTags,
  spanTags,
  statusTags,
  valueTags,
} from "./otlp-tags.ts";
import { attributeDepthMax, jsonNumber, spanFault } from "./otlp.ts";

const statusError = 2;
/** SpanFlags: "it is known whether the parent is remote" and "it is". */
const remoteParent = 0x300;

/**
 * Decodes an `ExportTraceServiceRequest`.
 *
 * @throws {RangeError | Error} If the envelope is not protobuf, or nothing in it can be read. A bad span inside is
 *   returned as bad, alone, and so is a bad group of spans.
 */
export function decodeProtobufTraces(bytes: Uint8Array): Decoded<OtlpSpan> {
  return decodeRequest(bytes, (reader, end, resource) => {
    const span = readSpan(reader, end, resource);
    const fault = spanFault(span);
    if (fault !== null) throw new RangeError(fault);
    return span;
  });
}

/**
 * Decodes an `ExportLogsServiceRequest`.
 *
 * @throws {RangeError | Error} If the envelope is not protobuf. A bad record inside is returned as bad, alone.
 */
export function decodeProtobufLogs(bytes: Uint8Array): Decoded<OtlpLog> {
  return decodeRequest(bytes, readLog);
}

type ReadRecord<T> = (reader: Reader, end: number, resource: Attributes) => T;

function decodeRequest<T>(bytes: Uint8Array, readRecord: ReadRecord<T>): Decoded<T> {
  const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const decoded: Decoded<T> = { records: [], bad: [] };
  let fault: unknown = null;
  eachField(reader, bytes.length, (tagRead) => {
    if (tagRead !== request.resources) return false;
    const end = endOfMessage(reader);
    const start = reader.pos;
    try {
      readResourceRecords(reader, end, readRecord, decoded);
    } catch (error) {
      fault ??= error;
      decoded.bad.push({ reason: "bad_resource", body: bytes.subarray(start, end) });
      reader.pos = end;
    }
    return true;
  });
  if (fault !== null && decoded.records.length === 0) throw fault as Error;
  return decoded;
}

function readResourceRecords<T>(reader: Reader, end: number, readRecord: ReadRecord<T>, into: Decoded<T>) {
  const resource = new Map<string, Json>();
  // The resource may follow its records on the wire, and the map is filled by the time it is read.
  eachField(reader, end, (tagRead) => {
    if (tagRead === resourceRecords.resource) {
      eachField(reader, endOfMessage(reader), (inner) => {
        if (inner !== resourceTags.attributes) return false;
        readKeyValue(reader, endOfMessage(reader), resource, 0);
        return true;
      });
      return true;
    }
    if (tagRead !== resourceRecords.scopes) return false;
    eachField(reader, endOfMessage(reader), (inner) => {
      if (inner !== scopeTags.records) return false;
      readGuarded(reader, endOfMessage(reader), resource, readRecord, into);
      return true;
    });
    return true;
  });
}

/** A record that cannot be read is set aside, and reading goes on behind it. */
function readGuarded<T>(
  reader: Reader,
  end: number,
  resource: Attributes,
  readRecord: ReadRecord<T>,
  into: Decoded<T>,
) {
  const start = reader.pos;
  try {
    into.records.push(readRecord(reader, end, resource));
  } catch (error) {
    const reason =
      error instanceof RangeError && error.message.startsWith("bad_") ? error.message : "bad_record";
    const bad: BadRecord = { reason, body: reader.buf.subarray(start, end) };
    into.bad.push(bad);
    reader.pos = end;
  }
}

function readSpan(reader: Reader, end: number, resource: Attributes): OtlpSpan {
  const attributes = new Map<string, Json>();
  const span: OtlpSpan = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    parentIsRemote: false,
    name: "",
    startMs: 0,
    endMs: 0,
    failed: false,
    statusMessage: "",
    attributes,
    events: [],
    resource,
  };
  eachField(reader, end, (tagRead) => {
    if (tagRead === spanTags.attributes) readKeyValue(reader, endOfMessage(reader), attributes, 0);
    else if (tagRead === spanTags.traceId) span.traceId = readHex(reader);
    else if (tagRead === spanTags.spanId) span.spanId = readHex(reader);
    else if (tagRead === spanTags.parentSpanId) span.parentSpanId = readHex(reader);
    else if (tagRead === spanTags.name) span.name = reader.string();
    else if (tagRead === spanTags.start) span.startMs = readNanosAsMs(reader);
    else if (tagRead === spanTags.end) span.endMs = readNanosAsMs(reader);
    else if (tagRead === spanTags.events) span.events.push(readEvent(reader, endOfMessage(reader)));
    else if (tagRead === spanTags.status) readStatus(reader, endOfMessage(reader), span);
    else if (tagRead === spanTags.flags)
      span.parentIsRemote = (reader.fixed32() & remoteParent) === remoteParent;
    else return false;
    return true;
  });
  return span;
}

function readEvent(reader: Reader, end: number): SpanEvent {
  const attributes = new Map<string, Json>();
  const event: SpanEvent = { name: "", timeMs: 0, attributes };
  eachField(reader, end, (tagRead) => {
    if (tagRead === eventTags.time) event.timeMs = readNanosAsMs(reader);
    else if (tagRead === eventTags.name) event.name = reader.string();
    else if (tagRead === eventTags.attributes) readKeyValue(reader, endOfMessage(reader), attributes, 0);
    else return false;
    return true;
  });
  return event;
}

function readStatus(reader: Reader, end: number, span: OtlpSpan) {
  eachField(reader, end, (tagRead) => {
    if (tagRead === statusTags.message) span.statusMessage = reader.string();
    else if (tagRead === statusTags.code) span.failed = reader.uint32() === statusError;
    else return false;
    return true;
  });
}

function readLog(reader: Reader, end: number, resource: Attributes): OtlpLog {
  const attributes = new Map<string, Json>();
  const log: OtlpLog = {
    eventName: "",
    timeMs: 0,
    traceId: "",
    spanId: "",
    body: null,
    attributes,
    resource,
  };
  let observedMs = 0;
  eachField(reader, end, (tagRead) => {
    if (tagRead === logTags.attributes) readKeyValue(reader, endOfMessage(reader), attributes, 0);
    else if (tagRead === logTags.time) log.timeMs = readNanosAsMs(reader);
    else if (tagRead === logTags.observed) observedMs = readNanosAsMs(reader);
    else if (tagRead === logTags.body) log.body = readValue(reader, endOfMessage(reader), 0);
    else if (tagRead === logTags.traceId) log.traceId = readHex(reader);
    else if (tagRead === logTags.spanId) log.spanId = readHex(reader);
    else if (tagRead === logTags.eventName) log.eventName = reader.string();
    else return false;
    return true;
  });
  if (log.timeMs === 0) log.timeMs = observedMs;
  return log;
}

// These two are called for each attribute, so they spare the closures of `eachField`.
function readKeyValue(reader: Reader, end: number, into: Map<string, Json>, depth: number) {
  let key = "";
  let value: Json = null;
  while (reader.pos < end) {
    const tagRead = reader.uint32();
    if (tagRead === keyValueTags.key) key = reader.string();
    else if (tagRead === keyValueTags.value) value = readValue(reader, endOfMessage(reader), depth);
    else reader.skipType(tagRead & 7);
  }
  checkEnd(reader, end);
  into.set(key, value);
}

function readValue(reader: Reader, end: number, depth: number): Json {
  if (depth > attributeDepthMax) throw new RangeError("bad_nesting");
  let value: Json = null;
  while (reader.pos < end) {
    const tagRead = reader.uint32();
    if (tagRead === valueTags.string) value = reader.string();
    else if (tagRead === valueTags.bool) value = reader.bool();
    else if (tagRead === valueTags.int) value = readInteger(reader);
    else if (tagRead === valueTags.double) value = jsonNumber(reader.double());
    else if (tagRead === valueTags.bytes) value = Buffer.from(reader.bytes()).toString("base64");
    else if (tagRead === valueTags.array) value = readArray(reader, endOfMessage(reader), depth + 1);
    else if (tagRead === valueTags.map) value = readMap(reader, endOfMessage(reader), depth + 1);
    else reader.skipType(tagRead & 7);
  }
  checkEnd(reader, end);
  return value;
}

function readArray(reader: Reader, end: number, depth: number): Json[] {
  const items: Json[] = [];
  eachField(reader, end, (tagRead) => {
    if (tagRead !== listTags.values) return false;
    items.push(readValue(reader, endOfMessage(reader), depth));
    return true;
  });
  return items;
}

function readMap(reader: Reader, end: number, depth: number): JsonObject {
  const members = new Map<string, Json>();
  eachField(reader, end, (tagRead) => {
    if (tagRead !== listTags.values) return false;
    readKeyValue(reader, endOfMessage(reader), members, depth);
    return true;
  });
  return Object.fromEntries(members);
}

/** Visits the fields of a message. `visit` reads the field and returns true, or returns false to skip it. */
function eachField(reader: Reader, end: number, visit: (tagRead: number) => boolean) {
  while (reader.pos < end) {
    const tagRead = reader.uint32();
    if (!visit(tagRead)) reader.skipType(tagRead & 7);
  }
  checkEnd(reader, end);
}

function checkEnd(reader: Reader, end: number) {
  if (reader.pos !== end) throw new RangeError("bad_length");
}

/** Reads a length prefix and returns where that message ends. */
function endOfMessage(reader: Reader): number {
  const size = reader.uint32();
  const end = reader.pos + size;
  if (end > reader.len) throw new RangeError("bad_length");
  return end;
}

function readHex(reader: Reader): string {
  const end = endOfMessage(reader);
  const text = (reader.buf as Buffer).toString("hex", reader.pos, end);
  reader.pos = end;
  return text;
}

function readNanosAsMs(reader: Reader): number {
  const low = reader.fixed32();
  const high = reader.fixed32();
  return (high * 0x1_0000_0000 + low) / 1e6;
}

function readInteger(reader: Reader): Json {
  const { lo, hi } = protobuf.util.LongBits.from(reader.int64());
  const number = (hi | 0) * 0x1_0000_0000 + lo;
  if (Number.isSafeInteger(number)) return number;
  return String(BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo)));
}
