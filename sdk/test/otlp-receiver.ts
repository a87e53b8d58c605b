import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

// The part of opentelemetry-proto 1.x that is checked here, decoded by protobufjs and not by code of ours.
const { root } = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message Scope { string name = 1; string version = 2; }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    repeated Event events = 11; Status status = 15; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message TraceRequest { repeated ResourceSpans resource_spans = 1; }
  message LogRecord { fixed64 time_unix_nano = 1; int32 severity_number = 2; AnyValue body = 5; repeated KeyValue attributes = 6;
    fixed64 observed_time_unix_nano = 11; string event_name = 12; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message LogsRequest { repeated ResourceLogs resource_logs = 1; }
  message Partial { int64 rejected = 1; string error_message = 2; }
  message Response { Partial partial_success = 1; }
`);

type Value = string | number | boolean;

/** A span as it was received. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, Value>;
  events: { name: string; attributes: Record<string, Value> }[];
  status: { code: number; message: string };
}

/** A log record as it was received. */
export interface ReceivedLog {
  eventName: string;
  timeNs: bigint;
  attributes: Record<string, Value>;
}

/** What to answer to a request. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Uint8Array;
}

/** A server that takes what a sidecar takes and keeps what it was sent; `answer` decides what it says. */
export interface OtlpReceiver {
  endpoint: string;
  spans: ReceivedSpan[];
  logs: ReceivedLog[];
  /** What came to `/v1/runs`. */
  runs: any[];
  /** Attributes of the latest resource. */
  resource: Record<string, Value>;
  requests: { path: string; headers: IncomingHttpHeaders; bytes: number }[];
  answer: (request: { path: string; bytes: number; count: number }) => Answer | Promise<Answer>;
  close(): Promise<void>;
}

export async function openReceiver(port = 0): Promise<OtlpReceiver> {
  const receiver: OtlpReceiver = {
    endpoint: "",
    spans: [],
    logs: [],
    runs: [],
    resource: {},
    requests: [],
    answer: () => ({ status: 200 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const raw = Buffer.concat(chunks);
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw) : raw;
      const path = request.url ?? "";
      receiver.requests.push({ path, headers: request.headers, bytes: raw.length });
      const content = { path, bytes: raw.length, count: receiver.requests.length };
      void Promise.resolve(receiver.answer(content)).then(({ status, headers = {}, body: answer }) => {
        if (status === 200) keep(receiver, path, body);
        response.writeHead(status, { "content-type": "application/x-protobuf", ...headers });
        response.end(answer);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  receiver.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return receiver;
}

/** A response that says that some of the spans or log records were rejected. */
export function partialSuccess(rejected: number): Uint8Array {
  return root
    .lookupType("Response")
    .encode({ partialSuccess: { rejected, errorMessage: "bad" } })
    .finish();
}

function keep(receiver: OtlpReceiver, path: string, body: Buffer): void {
  if (path.startsWith("/v1/runs")) receiver.runs.push(...JSON.parse(body.toString("utf8")));
  if (path !== "/v1/traces" && path !== "/v1/logs") return;
  const { spans, logs, resource } = decodeRequest(path, body);
  receiver.spans.push(...spans);
  receiver.logs.push(...logs);
  receiver.resource = resource;
}

/** Decodes the body of a request to `/v1/traces` or `/v1/logs`. */
export function decodeRequest(path: string, body: Buffer): Pick<OtlpReceiver, "spans" | "logs" | "resource"> {
  const type = root.lookupType(path === "/v1/traces" ? "TraceRequest" : "LogsRequest");
  const request = type.toObject(type.decode(body), { longs: String, bytes: String }) as any;
  const groups: any[] = request.resourceSpans ?? request.resourceLogs ?? [];
  const scopes = groups.flatMap((group) => group.scopeSpans ?? group.scopeLogs);
  return {
    spans: scopes.flatMap((scope) => (scope.spans ?? []).map(spanOf)),
    logs: scopes.flatMap((scope) => (scope.logRecords ?? []).map(logOf)),
    resource: attributesOf(groups[0]?.resource.attributes),
  };
}

function spanOf(span: any): ReceivedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    name: span.name,
    startNs: BigInt(span.startTimeUnixNano ?? 0),
    endNs: BigInt(span.endTimeUnixNano ?? 0),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event: any) => ({
      name: event.name,
      attributes: attributesOf(event.attributes),
    })),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
  };
}

function logOf(log: any): ReceivedLog {
  return {
    eventName: log.eventName,
    timeNs: BigInt(log.timeUnixNano ?? 0),
    attributes: attributesOf(log.attributes),
  };
}

function hex(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString("hex");
}

function attributesOf(list: any[] | undefined): Record<string, Value> {
  return Object.fromEntries(
    (list ?? []).map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}
