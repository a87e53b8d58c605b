import { connect, constants } from "node:http2";
import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectorRoutes } from "../../../src/collector/routes.ts";
import { createGrpcDoor } from "../../../src/grpc-door.ts";
import { type GrpcServer, listenGrpc } from "../../../src/grpc-server.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { crowd } from "../../crowd.ts";
import { eventually } from "../../sidecar.ts";
import { encodeOtlp } from "../../fuzz/encode-otlp.ts";
import { createHarness, spanJson } from "../../unit/collector/harness.ts";

const bodyBytesMax = 256 * 1024;
let harness: ReturnType<typeof createHarness>;
let server: GrpcServer;
let client: Client;
/** What the next appends fail with. */
let sinkErrors: Error[];
let isKnown: boolean;
let refusals: string[];

beforeEach(async () => {
  sinkErrors = [];
  isKnown = true;
  refusals = [];
  const kept = createHarness();
  harness = createHarness({
    sink: {
      append: async (batch, claims) => {
        const error = sinkErrors.shift();
        if (error !== undefined) throw error;
        kept.batches.push({ batch, claims: [...claims] });
      },
    },
  });
  harness = { ...harness, batches: kept.batches, rows: kept.rows };
  const { fetch } = collectorRoutes(harness.ingest, { bodyBytesMax });
  const onRefused = (reason: string) => void refusals.push(reason);
  const given = { host: "127.0.0.1", port: 0, bodyBytesMax, isKnown: () => isKnown };
  server = await listenGrpc({ ...given, fetch, onRefused });
  client = new Client(server.address, credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await server.close();
});

interface InterceptingListener {
  onReceiveMetadata(metadata: Metadata): void;
}

interface Told {
  bytes: Buffer;
  error: ServiceError | null;
}

/** One export of raw bytes, with what came back. */
function send(service: string, bytes: Uint8Array, compression?: compressionAlgorithms): Promise<Told> {
  const asIs = (given: Buffer) => given;
  const path = `/opentelemetry.proto.collector.${service}/Export`;
  const using =
    compression === undefined
      ? client
      : new Client(server.address, credentials.createInsecure(), {
          "grpc.default_compression_algorithm": compression,
        });
  return new Promise((resolve) => {
    using.makeUnaryRequest(path, asIs, asIs, Buffer.from(bytes), new Metadata(), (error, value) => {
      if (using !== client) using.close();
      resolve({ error, bytes: value ?? Buffer.alloc(0) });
    });
  });
}

const traces = "trace.v1.TraceService";
const run = { "evenkeel.workflow": "w", "evenkeel.run.id": "r1", "evenkeel.output": '{"a":1}' };
const exportOf = (...spans: unknown[]) => encodeOtlp({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const oneSpan = () => exportOf(spanJson("aa", "bb", run));

describe("OTLP over gRPC", () => {
  const compressions = [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP];
  it.each(compressions)("takes what the stock exporter sends (%s)", async (compression) => {
    const exporter = new OTLPTraceExporter({ url: `http://${server.address}`, compression });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer("test");
    for (let index = 0; index < 700; index += 1) {
      const attributes = { ...run, "evenkeel.run.id": `r${index}` };
      tracer.startSpan("run", { attributes }).end();
    }
    await provider.shutdown();
    trace.disable();
    expect(harness.rows("runs")).toHaveLength(700);
    expect(harness.rows("runs")[0]).toMatchObject({ workflow: "w", outputs: '{"a":1}' });
  });

  it("answers once the rows are kept, and with an empty message", async () => {
    expect(await send(traces, oneSpan())).toEqual({ error: null, bytes: Buffer.alloc(0) });
    expect(harness.rows("runs")).toMatchObject([{ run_id: "r1" }]);
  });

  it("tells a partial success", async () => {
    const { error, bytes } = await send(
      traces,
      exportOf(spanJson("aa", "bb", run), spanJson("00", "bb", run)),
    );
    expect(error).toBeNull();
    expect(bytes.toString("latin1")).toContain("Rejected: 1 bad_trace_id");
    expect(harness.rows("runs")).toHaveLength(1);
  });

  it("takes logs, and metrics without keeping them", async () => {
    expect((await send("logs.v1.LogsService", new Uint8Array())).error).toBeNull();
    expect((await send("metrics.v1.MetricsService", new Uint8Array([10, 0]))).error).toBeNull();
    expect(harness.rows("runs")).toEqual([]);
  });

  it("refuses what is no export, and keeps it for people to see", async () => {
    const { error } = await send(traces, Buffer.from([0xff, 0xff]));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(error?.details).toMatch(/^Cannot read traces: the body is not an OTLP export/);
    expect(error?.metadata.get("grpc-status-details-bin")).toEqual([]);
    expect(harness.rows("rejects")).toMatchObject([{ reason: "bad_body" }]);
  });

  it("says when to come again, and then takes the same spans", async () => {
    sinkErrors.push(new TransientError("Cannot append: the spool is full", { retryAfterSeconds: 3 }));
    const { error } = await send(traces, oneSpan());
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: "Cannot append: the spool is full" });
    const [details] = error?.metadata.get("grpc-status-details-bin") ?? [];
    expect(String(details)).toContain("type.googleapis.com/google.rpc.RetryInfo");
    // RetryInfo { retry_delay { seconds: 3 } } stands at the end.
    expect(Buffer.from(details as Buffer).subarray(-6)).toEqual(Buffer.from([0x12, 4, 0x0a, 2, 0x08, 3]));
    expect((await send(traces, oneSpan())).error).toBeNull();
    expect(harness.rows("runs")).toHaveLength(1);
  });

  const large = [
    { why: "a message over the limit", size: bodyBytesMax + 1, compression: undefined },
    {
      why: "a gzip bomb",
      size: 50 * 1024 * 1024,
      compression: compressionAlgorithms.gzip,
    },
  ];
  it.each(large)("refuses $why for good", async ({ size, compression }) => {
    const { error } = await send(traces, Buffer.alloc(size), compression);
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error?.metadata.get("grpc-status-details-bin")).toEqual([]);
    expect((await send(traces, oneSpan())).error).toBeNull();
  });

  it("reads nothing of a caller without a key, however much it sends", async () => {
    isKnown = false;
    const { error } = await send(traces, Buffer.alloc(10 * bodyBytesMax));
    expect(error?.code).toBe(status.UNAUTHENTICATED);
    expect(refusals).toEqual(["no key"]);
  });

  it("tells more than 128 exports at once to come again, and takes them once there is room", async () => {
    const session = connect(`http://${server.address}`);
    const half = () => {
      const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
      const headers = {
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      };
      const stream = session.request(headers, { endStream: false });
      stream.on("error", () => undefined);
      stream.write(Buffer.from([0, 0, 0, 0, 9]));
      return stream;
    };
    const streams = Array.from({ length: 128 }, half);
    const refused = await eventually(async () => {
      const { error } = await send(traces, oneSpan());
      return error;
    });
    expect(refused.code).toBe(status.UNAVAILABLE);
    expect(refused.metadata.get("grpc-status-details-bin")).toHaveLength(1);
    expect(refusals).toContain("busy");
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await eventually(async () => (await send(traces, oneSpan())).error === null);
    session.destroy();
  });

  it("tells of connections over 2,000", async () => {
    const sockets = await crowd(Number(server.address.split(":")[1]), 2_003);
    await eventually(async () => refusals.length > 0);
    for (const socket of sockets) socket.destroy();
    expect(new Set(refusals)).toEqual(new Set(["connections"]));
  });

  it("gives up a message that does not arrive", async () => {
    const onRefused = (reason: string) => void refusals.push(reason);
    const door = createGrpcDoor({ isKnown: () => true, exportsMax: 1, messageMsMax: 50, onRefused });
    const sent: unknown[] = [];
    const inner = { start: (listener: InterceptingListener) => listener.onReceiveMetadata(new Metadata()) };
    const call = door({} as never, { ...inner, sendStatus: (given: unknown) => sent.push(given) } as never);
    call.start({ onReceiveMetadata: () => undefined, onCancel: () => undefined } as never);
    await eventually(async () => sent.length > 0);
    expect(sent).toMatchObject([{ code: status.DEADLINE_EXCEEDED }]);
    expect(refusals).toEqual(["late"]);
  });

  it("does not know other services", async () => {
    const { error } = await send("profiles.v1development.ProfilesService", new Uint8Array());
    expect(error?.code).toBe(status.UNIMPLEMENTED);
  });

  it("listenGrpc() names the key when the port is taken", async () => {
    const port = Number(server.address.split(":")[1]);
    const given = { host: "127.0.0.1", port, bodyBytesMax, isKnown: () => true, onRefused: () => undefined };
    const again = listenGrpc({ ...given, fetch: () => new Response() });
    await expect(again).rejects.toThrow(PermanentError);
    await expect(again).rejects.toThrow(`'grpc_port' ${port}`);
  });
});
