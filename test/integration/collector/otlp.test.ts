import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { CompressionAlgorithm } from "@opentelemetry/otlp-exporter-base";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectorRoutes } from "../../../src/collector/routes.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { createHarness, jsonBytes, spanJson, tracesJson } from "../../unit/collector/harness.ts";

const bodyBytesMax = 256 * 1024;
let harness: ReturnType<typeof createHarness>;
let server: ServerType;
let base: string;
let sinkError: Error | null;

beforeEach(async () => {
  sinkError = null;
  harness = createHarness();
  const kept = harness;
  const failing = createHarness({
    sink: {
      append: async (batch, claims) => {
        if (sinkError !== null) throw sinkError;
        kept.batches.push({ batch, claims: [...claims] });
      },
    },
  });
  harness = { ...failing, batches: kept.batches, rows: kept.rows, counts: kept.counts };
  server = serve({
    fetch: collectorRoutes(harness.ingest, { bodyBytesMax }).fetch,
    port: 0,
    hostname: "127.0.0.1",
  });
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.close();
  await once(server, "close");
});

function post(path: string, body: Uint8Array | string, headers: Record<string, string> = {}) {
  return fetch(base + path, {
    method: "POST",
    body: body as string,
    headers: { "content-type": "application/json", ...headers },
  });
}

const exporters = [
  { why: "JSON, plain", Exporter: JsonExporter, compression: CompressionAlgorithm.NONE },
  { why: "JSON, gzip", Exporter: JsonExporter, compression: CompressionAlgorithm.GZIP },
  { why: "protobuf, plain", Exporter: ProtoExporter, compression: CompressionAlgorithm.NONE },
  { why: "protobuf, gzip", Exporter: ProtoExporter, compression: CompressionAlgorithm.GZIP },
];

describe.each(exporters)("stock exporter: $why", ({ Exporter, compression }) => {
  it("POST /v1/traces takes an application's GenAI spans as one run with its steps", async () => {
    const exporter = new Exporter({ url: `${base}/v1/traces`, compression });
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": "invoice-extraction", "service.version": "3.1" }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    const tracer = provider.getTracer("app");
    const root = tracer.startSpan("POST /extract");
    const inRoot = trace.setSpan(context.active(), root);
    const agent = tracer.startSpan(
      "invoke_agent",
      {
        attributes: {
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.input.messages": JSON.stringify([
            { role: "user", parts: [{ type: "text", content: "Total 12.50" }] },
          ]),
          "gen_ai.output.messages": JSON.stringify([
            {
              role: "assistant",
              parts: [{ type: "text", content: '{"total":12.5,"vendor":"Acme"}' }],
              finish_reason: "stop",
            },
          ]),
        },
      },
      inRoot,
    );
    const inAgent = trace.setSpan(inRoot, agent);
    const chat = tracer.startSpan(
      "chat",
      {
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "gpt-5-mini",
          "gen_ai.response.model": "gpt-5-mini-2026-09",
          "gen_ai.usage.input_tokens": 120,
          "gen_ai.usage.output_tokens": 30,
        },
      },
      inAgent,
    );
    chat.recordException(new Error("rate limited"));
    chat.setStatus({ code: SpanStatusCode.ERROR, message: "rate limited" });
    chat.end();
    tracer.startSpan("GET /db", {}, inAgent).end();
    agent.end();
    root.end();
    await provider.shutdown();

    const [run, ...more] = harness.rows("runs");
    expect(more).toEqual([]);
    expect(run).toMatchObject({
      workflow: "invoice-extraction",
      source: "otel",
      status: "ok",
      run_id: agent.spanContext().traceId,
      inputs: '"Total 12.50"',
      outputs: '{"total":12.5,"vendor":"Acme"}',
      model_resolved: "gpt-5-mini-2026-09",
      input_tokens: 120,
      output_tokens: 30,
      attributes: { service: "invoice-extraction" },
    });
    expect(harness.rows("steps")).toMatchObject([
      { name: "chat", kind: "model", run_id: run?.run_id, status: "error", error_message: "rate limited" },
    ]);
    expect(harness.meters.dropped.get("no_content")).toBe(2);
    expect(harness.counts()["volume  run"]).toBe(1);
  });
});

describe("POST /v1/logs", () => {
  it("takes reviews and outcomes of the stock log exporter and joins them to their run", async () => {
    await post(
      "/v1/runs",
      JSON.stringify({ run_id: "r1", workflow: "w", inputs: "a", outputs: { c: "x", d: 1 } }),
    );
    const provider = new LoggerProvider({
      processors: [
        new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${base}/v1/logs` }) }),
      ],
    });
    const logger = provider.getLogger("reviews");
    logger.emit({
      eventName: "evenkeel.review",
      attributes: {
        "evenkeel.run.id": "r1",
        "evenkeel.review.verdict": "edited",
        "evenkeel.review.output": '{"c":"y"}',
        "evenkeel.review.reviewer": "ann",
      },
    });
    logger.emit({
      eventName: "evenkeel.outcome",
      attributes: {
        "evenkeel.run.id": "r1",
        "evenkeel.outcome.name": "paid",
        "evenkeel.outcome.value": "true",
      },
    });
    logger.emit({ body: "an ordinary log line" });
    await provider.shutdown();

    expect(harness.rows("reviews")).toMatchObject([
      {
        run_id: "r1",
        workflow: "w",
        verdict: "edited",
        output: '{"c":"y"}',
        reviewer: "ann",
        chosen_by: "api",
      },
    ]);
    expect(harness.rows("outcomes")).toMatchObject([{ run_id: "r1", name: "paid", value: "true" }]);
    expect(harness.counts((row) => row.kind === "override_rate")).toEqual({
      "override_rate  yes@0": 1,
      "override_rate output.c yes@0": 1,
      "override_rate output.d no@0": 1,
    });
  });
});

describe("what the specification says of bad requests", () => {
  const good = tracesJson([spanJson("aa", "bb", { "evenkeel.workflow": "w", "evenkeel.run.id": "r" })]);
  const cases = [
    { why: "takes an empty export", body: "{}", status: 200, answer: {} },
    { why: "ignores unknown members", body: '{"resourceSpans":[],"x":1}', status: 200, answer: {} },
    { why: "refuses malformed JSON", body: '{"resourceSpans":', status: 400, answer: { code: 3 } },
    { why: "refuses JSON of another shape", body: '{"resourceSpans":7}', status: 400, answer: { code: 3 } },
    {
      why: "refuses another content type",
      body: "x",
      headers: { "content-type": "text/plain" },
      status: 415,
      answer: null,
    },
    {
      why: "refuses another content encoding",
      body: "x",
      headers: { "content-encoding": "br" },
      status: 415,
      answer: { code: 3 },
    },
    {
      why: "refuses broken gzip",
      body: "not gzip",
      headers: { "content-encoding": "gzip" },
      status: 400,
      answer: { code: 3 },
    },
    {
      why: "refuses a body over the limit",
      body: " ".repeat(bodyBytesMax + 1),
      status: 413,
      answer: { code: 8 },
    },
    {
      why: "refuses a gzip bomb",
      body: gzipSync(Buffer.alloc(50 * 1024 * 1024, 0x20)),
      headers: { "content-encoding": "gzip" },
      status: 413,
      answer: { code: 8 },
    },
  ];
  it.each(cases)("POST /v1/traces $why", async ({ body, headers, status, answer }) => {
    const response = await post("/v1/traces", body, headers);
    expect(response.status).toBe(status);
    if (answer === null) return;
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject(answer);
  });

  it("POST /v1/traces answers protobuf in protobuf", async () => {
    const response = await post("/v1/traces", Buffer.from([0xff, 0xff]), {
      "content-type": "application/x-protobuf",
    });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/x-protobuf");
    const status = Buffer.from(await response.arrayBuffer());
    expect([...status.subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
    expect(harness.rows("rejects")).toMatchObject([{ reason: "bad_body", content_type: "protobuf" }]);
  });

  it("POST /v1/traces refuses an over-long chunked body", async () => {
    const chunks = async function* () {
      for (let count = 0; count < 20; count += 1) yield Buffer.alloc(bodyBytesMax / 10, 0x20);
    };
    const response = await fetch(`${base}/v1/traces`, {
      method: "POST",
      body: chunks() as never,
      duplex: "half",
      headers: { "content-type": "application/json" },
    });
    expect(response.status).toBe(413);
  });

  it("POST /v1/traces rejects a bad span alone", async () => {
    const bad = {
      ...spanJson("aa", "cc", { "evenkeel.workflow": "w", "evenkeel.run.id": "r2" }),
      traceId: "zz",
    };
    const spans = [bad, spanJson("ab", "bb", { "evenkeel.workflow": "w", "evenkeel.run.id": "r" })];
    const response = await post("/v1/traces", tracesJson(spans));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      partialSuccess: { rejectedSpans: "1", errorMessage: "Rejected: 1 bad_trace_id" },
    });
    expect(harness.rows("runs")).toMatchObject([{ run_id: "r" }]);
    expect(harness.rows("rejects")).toHaveLength(1);
  });

  it("POST /v1/traces says when to come again, and then takes the same spans", async () => {
    sinkError = new TransientError("Cannot append: the spool is full", { retryAfterSeconds: 3 });
    const refused = await post("/v1/traces", good);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "3"]);
    expect(await refused.json()).toMatchObject({ code: 14 });
    sinkError = null;
    expect((await post("/v1/traces", good)).status).toBe(200);
    expect(harness.rows("runs")).toHaveLength(1);
  });

  it("POST /v1/metrics keeps nothing and other methods are refused", async () => {
    const metrics = await post("/v1/metrics", '{"resourceMetrics":[]}');
    expect([metrics.status, await metrics.text()]).toEqual([200, "{}"]);
    const got = await fetch(`${base}/v1/traces`);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
    expect(harness.batches).toEqual([]);
  });
});

describe("POST /v1/runs", () => {
  it("keeps good runs beside bad ones and names what is wrong without the value", async () => {
    const response = await post(
      "/v1/runs",
      jsonBytes([
        { run_id: "a", workflow: "w", inputs: 1, outputs: 2 },
        { workflow: "w", confidence: "SECRET" },
      ]),
    );
    expect(response.status).toBe(200);
    const body = await response.text();
    expect(JSON.parse(body)).toMatchObject({
      runs: [
        { run_id: "a", status: "accepted" },
        { index: 1, status: "rejected" },
      ],
    });
    expect(body).toContain("'confidence'");
    expect(body).not.toContain("SECRET");
    expect(harness.rows("rejects")).toMatchObject([{ reason: "bad_run" }]);
  });

  const cases = [
    { why: "refuses when no run is good", body: '[{"workflow":""}]', status: 400 },
    { why: "refuses what is not JSON", body: "{", status: 400 },
    { why: "refuses what is no run", body: "3", status: 400 },
    { why: "takes an empty list", body: "[]", status: 200 },
  ];
  it.each(cases)("$why", async ({ body, status }) => {
    expect((await post("/v1/runs", body)).status).toBe(status);
  });

  it("takes a review of a known run, and answers 404 for an unknown one", async () => {
    await post("/v1/runs", '{"run_id":"a/b","workflow":"w","outputs":{"x":1}}');
    const review = () => post("/v1/runs/a%2Fb/review", '{"verdict":"rejected","reviewer":"ann"}');
    expect(await (await review()).json()).toMatchObject({ status: "accepted" });
    expect(await (await review()).json()).toMatchObject({ status: "duplicate" });
    expect((await post("/v1/runs/none/review", '{"verdict":"rejected"}')).status).toBe(404);
    expect((await post("/v1/runs/a%2Fb/review", '{"verdict":"maybe"}')).status).toBe(400);
    expect((await post("/v1/runs/a%2Fb/outcome", '{"name":"won","value":3}')).status).toBe(200);
    expect(harness.rows("reviews")).toHaveLength(1);
    expect(harness.meters.reviews.get("w rejected")).toBe(1);
  });
});
