import {
  logVerbosity,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServerUnaryCall,
  type sendUnaryData,
  setLogVerbosity,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";
import { otlpContentTypes } from "./collector/otlp-answer.ts";
import { PermanentError } from "./model/errors.ts";

/** An open port of OTLP over gRPC. */
export interface GrpcServer {
  /** Where exporters reach it, without a scheme. */
  address: string;
  /** Takes no more exports; resolves when those under way are answered. */
  close(): Promise<void>;
}

/** What the port is opened with. */
export interface GrpcOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Largest message, also after decompression. */
  bodyBytesMax: number;
  /** The HTTP side: it is asked what an exporter over HTTP would ask, so that both have one pipeline and one guard. */
  fetch: (request: Request) => Response | Promise<Response>;
}

/** The signals of OTLP, by their gRPC service and their HTTP path. */
const signals = [
  { service: "trace.v1.TraceService", path: "/v1/traces" },
  { service: "logs.v1.LogsService", path: "/v1/logs" },
  { service: "metrics.v1.MetricsService", path: "/v1/metrics" },
] as const;

/** What a server does with exports at once; more wait in the exporter. */
const exportsMax = 256;

const closeMsMax = 3_000;

/**
 * Opens OTLP over gRPC. Messages stay bytes: the HTTP side decodes them, answers once they are durable, and its answers
 * hold the same messages that gRPC wants. What it refuses becomes the status of the OTLP specification, with `RetryInfo`
 * where an exporter shall come again.
 *
 * @throws {PermanentError} If the port cannot be opened.
 */
export async function listenGrpc({ host, port, bodyBytesMax, fetch }: GrpcOptions): Promise<GrpcServer> {
  // It would print what is told here as errors and statuses.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": bodyBytesMax,
    "grpc.max_concurrent_streams": exportsMax,
  });
  for (const { service, path } of signals) {
    const take = (call: Call, answer: Answer) =>
      void exportOver(fetch, path, call).then((result) => tell(result, answer));
    server.addService(serviceOf(service), { export: take });
  }
  const bound = await bind(server, host, port);
  return {
    address: `${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${bound}`,
    close: () => close(server),
  };
}

type Call = ServerUnaryCall<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;
type Result = { kind: "taken"; bytes: Buffer } | { kind: "refused"; status: Partial<StatusObject> };

function serviceOf(service: string): ServiceDefinition {
  const asIs = (bytes: Buffer) => bytes;
  return {
    export: {
      path: `/opentelemetry.proto.collector.${service}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
}

async function exportOver(fetch: GrpcOptions["fetch"], path: string, call: Call): Promise<Result> {
  const headers = new Headers({ "content-type": otlpContentTypes.protobuf, host: "localhost" });
  const [authorization] = call.metadata.get("authorization");
  if (authorization !== undefined) headers.set("authorization", String(authorization));
  try {
    const request = new Request(`http://localhost${path}`, {
      method: "POST",
      headers,
      body: new Uint8Array(call.request),
    });
    return await resultOf(await fetch(request));
  } catch {
    // The HTTP side answers its own faults and tells them to the log; a header that is none ends here.
    const details = "Cannot take the export: its metadata is not a header";
    return { kind: "refused", status: { code: status.INVALID_ARGUMENT, details } };
  }
}

function tell(result: Result, answer: Answer): void {
  if (result.kind === "taken") answer(null, result.bytes);
  else answer(result.status);
}

const codeOf: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  413: status.RESOURCE_EXHAUSTED,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
};

async function resultOf(response: Response): Promise<Result> {
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.ok) return { kind: "taken", bytes };
  const code = codeOf[response.status] ?? status.INTERNAL;
  const details = messageOf(response.headers.get("content-type") ?? "", bytes);
  const retryAfter = response.headers.get("retry-after");
  const metadata = new Metadata();
  if (retryAfter !== null) {
    metadata.set("grpc-status-details-bin", encodeRetry(code, details, Number(retryAfter)));
  }
  return { kind: "refused", status: { code, details, metadata } };
}

/** The message of a `google.rpc.Status`, or of an error in JSON. */
function messageOf(contentType: string, bytes: Buffer): string {
  if (contentType.startsWith("application/json")) {
    const { error } = JSON.parse(bytes.toString()) as { error?: { message?: string } };
    return error?.message ?? "";
  }
  if (contentType !== otlpContentTypes.protobuf) return bytes.toString();
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x12) return reader.string();
    reader.skipType(tag & 7);
  }
  return "";
}

/** A `google.rpc.Status` with a `google.rpc.RetryInfo`: without it, exporters give up on RESOURCE_EXHAUSTED. */
function encodeRetry(code: number, message: string, seconds: number): Buffer {
  const writer = protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message);
  writer.uint32(0x1a).fork();
  writer.uint32(0x0a).string("type.googleapis.com/google.rpc.RetryInfo");
  writer.uint32(0x12).fork().uint32(0x0a).fork().uint32(0x08).int64(seconds).ldelim().ldelim();
  return Buffer.from(writer.ldelim().finish());
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const name = host.includes(":") ? `[${host}]` : host;
    server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (cause, bound) => {
      if (cause === null) {
        resolve(bound);
        return;
      }
      const message = `Cannot listen: 'grpc_port' ${port} on '${host}' cannot be opened`;
      const hint =
        "Another process may hold it, perhaps another sidecar; choose others with --port, or this one with 'grpc_port'";
      reject(new PermanentError(message, { cause, hint }));
    });
  });
}

async function close(server: Server): Promise<void> {
  const hurry = setTimeout(() => server.forceShutdown(), closeMsMax);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(hurry);
}
