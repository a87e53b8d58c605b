/*
 * The part of opentelemetry-proto v1 that the collector reads. A tag is a field number and a wire type; a known
 * number with another wire type is an unknown field to protobuf, and skipped like one.
 */
const varint = 0;
const fixed64 = 1;
const length = 2;
const fixed32 = 5;
const tag = (field: number, wireType: number) => (field << 3) | wireType;

/** `Export*ServiceRequest`. */
export const request = { resources: tag(1, length) };
/** `ResourceSpans`, `ResourceLogs`. */
export const resourceRecords = { resource: tag(1, length), scopes: tag(2, length) };
/** `Resource`. */
export const resourceTags = { attributes: tag(1, length) };
/** `ScopeSpans`, `ScopeLogs`. */
export const scopeTags = { records: tag(2, length) };
/** `Span`. */
export const spanTags = {
  traceId: tag(1, length),
  spanId: tag(2, length),
  parentSpanId: tag(4, length),
  name: tag(5, length),
  start: tag(7, fixed64),
  end: tag(8, fixed64),
  attributes: tag(9, length),
  events: tag(11, length),
  status: tag(15, length),
  flags: tag(16, fixed32),
};
/** `Span.Event`. */
export const eventTags = { time: tag(1, fixed64), name: tag(2, length), attributes: tag(3, length) };
/** `Status`. */
export const statusTags = { message: tag(2, length), code: tag(3, varint) };
/** `LogRecord`. */
export const logTags = {
  time: tag(1, fixed64),
  body: tag(5, length),
  attributes: tag(6, length),
  traceId: tag(9, length),
  spanId: tag(10, length),
  observed: tag(11, fixed64),
  eventName: tag(12, length),
};
/** `KeyValue`. */
export const keyValueTags = { key: tag(1, length), value: tag(2, length) };
/** `AnyValue`. */
export const valueTags = {
  string: tag(1, length),
  bool: tag(2, varint),
  int: tag(3, varint),
  double: tag(4, fixed64),
  array: tag(5, length),
  map: tag(6, length),
  bytes: tag(7, length),
};
/** `ArrayValue`, `KeyValueList`. */
export const listTags = { values: tag(1, length) };
