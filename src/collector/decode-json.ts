import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import type { Attributes, Decoded, OtlpLog, OtlpSpan, SpanEvent } from "./otlp.ts";
import { attributeDepthMax, jsonNumber, spanFault } from "./otlp.ts";
import { parseJson } from "./parse-json.ts";

/**
 * Decodes an `ExportTraceServiceRequest` in OTLP's JSON form: hex ids, integer enums, 64-bit integers as string or
 * number, unknown members ignored.
 *
 * @throws {SyntaxError | TypeError} If the body is not such a request, or nothing in it can be read. A bad span inside is
 *   returned as bad, alone, and so is a bad group of spans.
 */
export function decodeJsonTraces(text: string): Decoded<OtlpSpan> {
  return decodeRequest(text, "resourceSpans", "scopeSpans", "spans", (json, resource) => {
    const span = readSpan(json, resource);
    const fault = spanFault(span);
    if (fault !== null) throw new TypeError(fault);
    return span;
  });
}

/**
 * Decodes an `ExportLogsServiceRequest` in OTLP's JSON form.
 *
 * @throws {SyntaxError | TypeError} If the body is not such a request. A bad record inside is returned as bad, alone.
 */
export function decodeJsonLogs(text: string): Decoded<OtlpLog> {
  return decodeRequest(text, "resourceLogs", "scopeLogs", "logRecords", readLog);
}

type ReadRecord<T> = (json: JsonObject, resource: Attributes) => T;

function decodeRequest<T>(
  text: string,
  resourcesKey: string,
  scopesKey: string,
  recordsKey: string,
  readRecord: ReadRecord<T>,
): Decoded<T> {
  const decoded: Decoded<T> = { records: [], bad: [] };
  const body = parseJson(text);
  if (!isJsonObject(body)) throw new TypeError("bad_request");
  let fault: TypeError | null = null;
  for (const group of list(body[resourcesKey])) {
    try {
      readGroup(group, scopesKey, recordsKey, readRecord, decoded);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      fault ??= error;
      decoded.bad.push({ reason: "bad_resource", body: group });
    }
  }
  if (fault !== null && decoded.records.length === 0) throw fault;
  return decoded;
}

function readGroup<T>(
  group: Json,
  scopesKey: string,
  recordsKey: string,
  readRecord: ReadRecord<T>,
  into: Decoded<T>,
) {
  if (!isJsonObject(group)) throw new TypeError("bad_group");
  const resource = readAttributes(isJsonObject(group.resource) ? group.resource.attributes : null, 0);
  for (const scope of objects(group[scopesKey])) {
    for (const json of list(scope[recordsKey])) {
      try {
        if (!isJsonObject(json)) throw new TypeError("bad_record");
        into.records.push(readRecord(json, resource));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        const reason = error.message.startsWith("bad_") ? error.message : "bad_record";
        into.bad.push({ reason, body: json });
      }
    }
  }
}

function readSpan(json: JsonObject, resource: Attributes): OtlpSpan {
  const status = isJsonObject(json.status) ? json.status : {};
  const flags = typeof json.flags === "number" ? json.flags : 0;
  return {
    traceId: hex(json.traceId),
    spanId: hex(json.spanId),
    parentSpanId: hex(json.parentSpanId),
    parentIsRemote: (flags & 0x300) === 0x300,
    name: text(json.name),
    startMs: nanosAsMs(json.startTimeUnixNano),
    endMs: nanosAsMs(json.endTimeUnixNano),
    failed: Number(status.code) === 2,
    statusMessage: text(status.message),
    attributes: readAttributes(json.attributes, 0),
    events: list(json.events).filter(isJsonObject).map(readEvent),
    resource,
  };
}

function readEvent(json: JsonObject): SpanEvent {
  return {
    name: text(json.name),
    timeMs: nanosAsMs(json.timeUnixNano),
    attributes: readAttributes(json.attributes, 0),
  };
}

function readLog(json: JsonObject, resource: Attributes): OtlpLog {
  return {
    eventName: text(json.eventName),
    timeMs: nanosAsMs(json.timeUnixNano) || nanosAsMs(json.observedTimeUnixNano),
    traceId: hex(json.traceId),
    spanId: hex(json.spanId),
    body: readValue(json.body, 0),
    attributes: readAttributes(json.attributes, 0),
    resource,
  };
}

function readAttributes(json: Json | undefined, depth: number): Map<string, Json> {
  const attributes = new Map<string, Json>();
  for (const pair of list(json)) {
    if (!isJsonObject(pair) || typeof pair.key !== "string") throw new TypeError("bad_attribute");
    attributes.set(pair.key, readValue(pair.value, depth));
  }
  return attributes;
}

function readValue(json: Json | undefined, depth: number): Json {
  if (depth > attributeDepthMax) throw new TypeError("bad_nesting");
  if (!isJsonObject(json)) return null;
  if (json.stringValue !== undefined) return text(json.stringValue);
  if (json.boolValue !== undefined) return json.boolValue === true;
  if (json.intValue !== undefined) return integer(json.intValue);
  if (json.doubleValue !== undefined) return jsonNumber(Number(json.doubleValue));
  if (json.bytesValue !== undefined) return text(json.bytesValue);
  if (isJsonObject(json.arrayValue))
    return list(json.arrayValue.values).map((item) => readValue(item, depth + 1));
  if (isJsonObject(json.kvlistValue))
    return Object.fromEntries(readAttributes(json.kvlistValue.values, depth + 1));
  return null;
}

function integer(json: Json): Json {
  const number = Number(json);
  return Number.isSafeInteger(number) ? number : text(json);
}

function hex(json: Json | undefined): string {
  return text(json).toLowerCase();
}

function nanosAsMs(json: Json | undefined): number {
  if (json === undefined || json === null) return 0;
  return Number(json) / 1e6;
}

function text(json: Json | undefined): string {
  if (json === undefined || json === null) return "";
  if (typeof json !== "string") throw new TypeError("bad_string");
  return json;
}

function list(json: Json | undefined): Json[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw new TypeError("bad_list");
  return json;
}

function objects(json: Json | undefined): JsonObject[] {
  const items = list(json);
  if (!items.every(isJsonObject)) throw new TypeError("bad_list");
  return items;
}
