import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { promisify } from "node:util";
import { Metadata } from "@grpc/grpc-js";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashKey } from "../../../src/web/keys.ts";
import { dataFolder, runCommand } from "../../sidecar.ts";
import { pythonWith } from "../recipes/python.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

const run = promisify(execFile);
let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar({
    keys: [
      { name: "sdk", sha256: hashKey("k-ingest"), scopes: ["ingest"], requests_per_second: 1 },
      { name: "ada", sha256: hashKey("k-admin"), scopes: ["admin"] },
    ],
  });
});

afterAll(() => sidecar.stop());

const admin = { authorization: "Bearer k-admin" };

async function storedRuns(workflow: string): Promise<any[]> {
  await sidecar.app.parts.ingest.settle(true);
  await sidecar.app.parts.writer()?.flush();
  const answer = await sidecar.get(`/v1/runs?workflow=${workflow}`, admin);
  return ((await answer.json()) as { runs: any[] }).runs;
}

/** Sends one run with the stock exporter and answers what it was told: "" if it was taken. */
async function exportRun(workflow: string, key: string): Promise<string> {
  const metadata = new Metadata();
  if (key !== "") metadata.set("authorization", `Bearer ${key}`);
  const exporter = new OTLPTraceExporter({ url: `http://${sidecar.app.grpcAddress()}`, metadata });
  let error = "";
  const telling = {
    export: (spans: never, done: (result: { code: number }) => void) =>
      exporter.export(spans, (result) => {
        error = result.error?.message ?? "";
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(telling)] });
  const attributes = { "evenkeel.workflow": workflow, "evenkeel.input": "in", "evenkeel.output": "out" };
  provider.getTracer("test").startSpan("run", { attributes }).end();
  await provider.shutdown();
  return error;
}

describe("a sidecar with keys, over gRPC", () => {
  it("takes runs of a key that may send them, and holds it to its rate", async () => {
    const told = [await exportRun("grpc-runs", "k-ingest"), await exportRun("grpc-runs", "k-ingest")];
    expect(told[0]).toBe("");
    expect(told[1]).toMatch(/^8 RESOURCE_EXHAUSTED/);
    expect(await storedRuns("grpc-runs")).toMatchObject([{ inputs: "in", outputs: "out", source: "otel" }]);
  });

  const refused = [
    { why: "no key", key: "", status: /^16 UNAUTHENTICATED/ },
    { why: "an unknown key", key: "k-other", status: /^16 UNAUTHENTICATED/ },
    { why: "a key of another scope", key: "k-admin", status: /^7 PERMISSION_DENIED/ },
  ];
  it.each(refused)("refuses $why", async ({ key, status }) => {
    expect(await exportRun("grpc-refused", key)).toMatch(status);
    expect(await storedRuns("grpc-refused")).toEqual([]);
  });
});

describe("evenkeel serve", () => {
  it("ends with 2 and names the key when the gRPC port is taken, and opens no other", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const folder = dataFolder();
    const refused = await runCommand(["serve", "--data", folder.data, "--port", "0"], {
      EVENKEEL_GRPC: "true",
      EVENKEEL_GRPC_PORT: String(port),
    });
    taken.close();
    folder.remove();
    expect(refused.code).toBe(2);
    expect(refused.output).toContain(`'grpc_port' ${port}`);
    expect(refused.output).not.toContain("listens on");
  });
});

function describePython(python: string): void {
  it("takes what Python's stock gRPC exporter sends", async () => {
    const program = `
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
for index in range(20):
    with provider.get_tracer("test").start_as_current_span("run") as span:
        span.set_attribute("evenkeel.workflow", "python-grpc")
        span.set_attribute("evenkeel.input", str(index))
        span.set_attribute("evenkeel.output", "out")
provider.shutdown()
`;
    await run(python, ["-c", program], {
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${sidecar.app.grpcAddress()}`,
        OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20k-ingest",
        OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
      },
    });
    expect(await storedRuns("python-grpc")).toHaveLength(20);
  });
}

const python = await pythonWith("opentelemetry.exporter.otlp.proto.grpc.trace_exporter");
if (python !== null) describePython(python);
