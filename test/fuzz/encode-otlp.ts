import protobuf from "protobufjs/minimal.js";

/** A value in OTLP's JSON form. */
export type AnyValue = Record<string, unknown>;
/** An object in OTLP's JSON form. */
export type OtlpJson = Record<string, any>;

/**
 * Encodes an `ExportTraceServiceRequest` or an `ExportLogsServiceRequest` that is written in OTLP's JSON form. Members that are
 * absent are left out; ids may have any length, so that bad ones can be sent.
 */
export function encodeOtlp(request: OtlpJson): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const group of (request.resourceSpans ?? request.resourceLogs ?? []) as OtlpJson[]) {
    writer.uint32(10).fork();
    if (group.resource !== undefined) {
      writer.uint32(10).fork();
      attributes(writer, 1, group.resource.attributes);
      writer.ldelim();
    }
    for (const scope of (group.scopeSpans ?? group.scopeLogs ?? []) as OtlpJson[]) {
      writer.uint32(18).fork();
      for (const one of (scope.spans ?? []) as OtlpJson[]) span(writer.uint32(18).fork(), one).ldelim();
      for (const one of (scope.logRecords ?? []) as OtlpJson[]) log(writer.uint32(18).fork(), one).ldelim();
      writer.ldelim();
    }
    writer.ldelim();
  }
  return writer.finish();
}

/** Encodes one span. */
export function span(writer: protobuf.Writer, json: OtlpJson): protobuf.Writer {
  bytes(writer, 1, json.traceId);
  bytes(writer, 2, json.spanId);
  bytes(writer, 4, json.parentSpanId);
  if (json.name !== undefined) writer.uint32(42).string(json.name);
  if (json.startTimeUnixNano !== undefined) writer.uint32(57).fixed64(json.startTimeUnixNano);
  if (json.endTimeUnixNano !== undefined) writer.uint32(65).fixed64(json.endTimeUnixNano);
  attributes(writer, 9, json.attributes);
  for (const event of (json.events ?? []) as OtlpJson[]) {
    writer.uint32(90).fork();
    if (event.name !== undefined) writer.uint32(18).string(event.name);
    attributes(writer, 3, event.attributes);
    writer.ldelim();
  }
  if (json.status !== undefined) {
    writer.uint32(122).fork();
    if (json.status.message !== undefined) writer.uint32(18).string(json.status.message);
    if (json.status.code !== undefined) writer.uint32(24).int32(json.status.code);
    writer.ldelim();
  }
  return writer;
}

function log(writer: protobuf.Writer, json: OtlpJson): protobuf.Writer {
  if (json.timeUnixNano !== undefined) writer.uint32(9).fixed64(json.timeUnixNano);
  attributes(writer, 6, json.attributes);
  bytes(writer, 9, json.traceId);
  bytes(writer, 10, json.spanId);
  if (json.eventName !== undefined) writer.uint32(98).string(json.eventName);
  return writer;
}

function bytes(writer: protobuf.Writer, field: number, hex: string | undefined) {
  if (hex !== undefined) writer.uint32(field * 8 + 2).bytes(Buffer.from(hex, "hex"));
}

function attributes(writer: protobuf.Writer, field: number, pairs: OtlpJson[] = []) {
  for (const pair of pairs) {
    writer.uint32(field * 8 + 2).fork();
    writer.uint32(10).string(pair.key);
    value(writer.uint32(18).fork(), pair.value).ldelim();
    writer.ldelim();
  }
}

function value(writer: protobuf.Writer, json: AnyValue): protobuf.Writer {
  if (typeof json.stringValue === "string") return writer.uint32(10).string(json.stringValue);
  if (typeof json.boolValue === "boolean") return writer.uint32(16).bool(json.boolValue);
  if (json.intValue !== undefined) return writer.uint32(24).int64(json.intValue as number);
  if (typeof json.doubleValue === "number") return writer.uint32(33).double(json.doubleValue);
  if (json.arrayValue !== undefined) {
    writer.uint32(42).fork();
    for (const item of (json.arrayValue as { values: AnyValue[] }).values)
      value(writer.uint32(10).fork(), item).ldelim();
    return writer.ldelim();
  }
  if (json.kvlistValue !== undefined) {
    writer.uint32(50).fork();
    attributes(writer, 1, (json.kvlistValue as { values: OtlpJson[] }).values);
    return writer.ldelim();
  }
  return writer;
}
