import { once } from "node:events";
import { type AddressInfo, createServer, type Server as TcpServer } from "node:net";
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
import { createGrpcDoor, type DoorRefusal, encodeRetry } from "./grpc-door.ts";
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
  /** Whether a caller with this `authorization` may send at all: asked before anything of its message is kept. */
  isKnown: (authorization: string) => boolean;
  /** The HTTP side: it is asked what an exporter over HTTP would ask, so that both have one pipeline and one guard. */
  fetch: (request: Request) => Response | Promise<Response>;
  /** Hears of each connection and each call that was refused before the HTTP side was asked. */
  onRefused: (reason: DoorRefusal | "connections") => void;
}

/** The signals of OTLP, by their gRPC service and their HTTP path. */
const signals = [
  { service: "trace.v1.TraceService", path: "/v1/traces" },
  { service: "logs.v1.LogsService", path: "/v1/logs" },
  { service: "metrics.v1.MetricsService", path: "/v1/metrics" },
] as const;

/** Exports at once, of all callers: each may hold a message in memory. More are told to come again. */
const exportsMax = 128;
/** Who opens connections and says nothing shall not use up the files that the process may have open. */
const connectionsMax = 2_000;
/** A message that takes longer to arrive is given up. */
const messageMsMax = 60_000;
/** Without a stream for so long, a connection is closed; exporters open another. */
const idleMsMax = 600_000;
/** How often it is asked whether the other side is still there. */
const keepaliveMs = 60_000;

const closeMsMax = 3_000;

/**
 * Opens OTLP over gRPC. Messages stay bytes: the HTTP side decodes them, answers once they are durable, and its answers
 * hold the same messages that gRPC wants. What it refuses becomes the status of the OTLP specification, with `RetryInfo`
 * where an exporter shall come again.
 *
 * @throws {PermanentError} If the port cannot be opened.
 */
export async function listenGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { host, port, bodyBytesMax, isKnown, fetch, onRefused } = options;
  // It would print what is told here as errors and statuses.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": bodyBytesMax,
    "grpc.max_concurrent_streams": exportsMax,
    "grpc.max_connection_idle_ms": idleMsMax,
    "grpc.keepalive_time_ms": keepaliveMs,
    interceptors: [createGrpcDoor({ isKnown, exportsMax, messageMsMax, onRefused })],
  });
  for (const { service, path } of signals) {
    const take = (call: Call, answer: Answer) =>
      void exportOver(fetch, path, call).then((result) => tell(result, answer));
    server.addService(serviceOf(service), { export: take });
  }
  const tcp = await open(server, host, port);
  tcp.on("drop", () => onRefused("connections"));
  const { port: bound } = tcp.address() as AddressInfo;
  return {
    address: `${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${bound}`,
    close: () => close(server, tcp),
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

async function open(server: Server, host: string, port: number): Promise<TcpServer> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const tcp = createServer((socket) => injector.injectConnection(socket));
  tcp.maxConnections = connectionsMax;
  try {
    await once(tcp.listen(port, host), "listening");
    return tcp;
  } catch (cause) {
    const message = `Cannot listen: 'grpc_port' ${port} on '${host}' cannot be opened`;
    const hint =
      "Another process may hold it, perhaps another sidecar; choose others with --port, or this one with 'grpc_port'";
    throw new PermanentError(message, { cause, hint });
  }
}

async function close(server: Server, tcp: TcpServer): Promise<void> {
  tcp.close();
  const hurry = setTimeout(() => server.forceShutdown(), closeMsMax);
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  clearTimeout(hurry);
}
