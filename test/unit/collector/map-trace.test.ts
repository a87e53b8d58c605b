import { describe, expect, it } from "vitest";
import { readTraces } from "../../../src/collector/decode.ts";
import { spanJson, tracesJson } from "./harness.ts";

const nowMs = Date.UTC(2026, 10, 20, 9);
const read = (spans: unknown[], resource?: Record<string, string>) =>
  readTraces(tracesJson(spans, resource), "json", nowMs);
const trace = "aa".padEnd(32, "0");

const vocabularies = [
  {
    why: "OpenTelemetry GenAI, new names",
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "m",
      "gen_ai.request.temperature": 0.2,
      "gen_ai.input.messages": '[{"role":"system","content":"s"},{"role":"user","content":"hi"}]',
      "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":"{\\"a\\":1}"}]}]',
      "gen_ai.usage.input_tokens": 3,
      "gen_ai.conversation.id": "c1",
    },
    run: { inputs: "hi", outputs: { a: 1 }, inputTokens: 3, sessionId: "c1" },
    version: { model: "m", settings: '{"temperature":0.2}' },
  },
  {
    why: "an agent's answer beside its thoughts and its calls of tools",
    attributes: {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "named",
      "gen_ai.output.messages":
        '[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"{\\"a\\":1}"},{"type":"tool_call","name":"t"}]}]',
    },
    run: { workflow: "named", outputs: { a: 1 } },
    version: {},
  },
  {
    why: "a model's call of a tool beside its answer",
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.output.messages":
        '[{"role":"assistant","parts":[{"type":"text","content":"one moment"},{"type":"tool_call","name":"t"}]}]',
    },
    run: {
      outputs: [
        {
          role: "assistant",
          parts: [
            { type: "text", content: "one moment" },
            { type: "tool_call", name: "t" },
          ],
        },
      ],
    },
    version: {},
  },
  {
    why: "OpenTelemetry GenAI, old names",
    attributes: {
      "gen_ai.system": "openai",
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": "hi",
      "gen_ai.completion.0.content": "yo",
      "gen_ai.usage.completion_tokens": 7,
    },
    run: { inputs: "hi", outputs: "yo", outputTokens: 7 },
    version: {},
  },
  {
    why: "OpenInference",
    attributes: {
      "openinference.span.kind": "CHAIN",
      "input.value": '{"q":1}',
      "output.value": "plain",
      "llm.model_name": "m",
      "llm.prompt_template.version": "v3",
      "llm.token_count.prompt": 11,
    },
    // Its topmost span is named by hand, and nothing else names the workflow.
    run: { workflow: "span", inputs: { q: 1 }, outputs: "plain", inputTokens: 11 },
    version: { model: "m", promptVersion: "v3" },
  },
  {
    why: "OpenLLMetry",
    attributes: {
      "traceloop.span.kind": "workflow",
      "traceloop.workflow.name": "named",
      "traceloop.entity.input": '{"q":1}',
      "traceloop.entity.output": "[1]",
      "traceloop.prompt.key": "p",
    },
    run: { workflow: "named", inputs: { q: 1 }, outputs: [1] },
    version: { promptName: "p" },
  },
  {
    why: "Langfuse",
    attributes: {
      "langfuse.trace.name": "named",
      "langfuse.observation.input": "in",
      "langfuse.observation.output": '{"o":null}',
      "langfuse.observation.prompt.name": "p",
      "langfuse.observation.prompt.version": 4,
      "langfuse.session.id": "s",
    },
    run: { workflow: "named", inputs: "in", outputs: { o: null }, sessionId: "s" },
    version: { promptName: "p", promptVersion: "4" },
  },
  {
    why: "the Vercel AI SDK",
    attributes: {
      "ai.operationId": "ai.generateObject",
      "ai.telemetry.functionId": "named",
      "ai.prompt": '{"prompt":"x"}',
      "ai.response.object": '{"o":true}',
      "ai.model.id": "m",
      "ai.usage.outputTokens": 5,
    },
    run: { workflow: "named", inputs: { prompt: "x" }, outputs: { o: true }, outputTokens: 5 },
    version: { model: "m" },
  },
  {
    why: "Evenkeel's own names before all others",
    attributes: {
      "evenkeel.workflow": "own",
      "evenkeel.run.id": "r1",
      "evenkeel.input": '"text"',
      "evenkeel.output": '{"n":12345678901234567890}',
      "evenkeel.version": "v9",
      "evenkeel.confidence": 0.4,
      "evenkeel.mode": "shadow",
      "evenkeel.attr.region": "eu",
      "evenkeel.owner": "ann",
      "input.value": "other",
      "gen_ai.workflow.name": "other",
    },
    run: {
      runId: "r1",
      workflow: "own",
      source: "sdk",
      inputs: "text",
      outputs: { n: "12345678901234567890" },
      confidence: 0.4,
      mode: "shadow",
      attributes: { region: "eu", owner: "ann", service: "svc" },
    },
    version: { id: "v9" },
  },
];

describe("readTraces()", () => {
  it("names the workflow by the resource where the span does not", () => {
    const attributes = { "openinference.span.kind": "CHAIN", "output.value": "plain" };
    const resource = { "service.name": "svc", "evenkeel.workflow": "by resource" };
    expect(read([spanJson("aa", "01", attributes)], resource).runs).toMatchObject([
      { workflow: "by resource" },
    ]);
  });

  it.each(vocabularies)("reads $why", ({ attributes, run, version }) => {
    const { runs } = read([spanJson("aa", "01", attributes)]);
    expect(runs).toMatchObject([{ workflow: "svc", runId: trace, traceId: trace, ...run, version }]);
  });

  it("gives a version the same id for the same prompt, model and settings, and another for a change", () => {
    const idOf = (attributes: Record<string, string | number>) =>
      read([spanJson("aa", "01", { "input.value": "x", ...attributes })]).runs[0]?.version.id;
    const base = { "evenkeel.prompt.text": "p", "gen_ai.request.model": "m", "gen_ai.request.top_p": 1 };
    expect(idOf(base)).toMatch(/^[0-9a-f]{12}$/);
    expect(idOf({ ...base })).toBe(idOf(base));
    expect(idOf({ ...base, "gen_ai.request.top_p": 0.5 })).not.toBe(idOf(base));
    expect(idOf({})).toBe("");
  });

  it("takes the topmost span with content for the run and the others for steps", () => {
    const { runs, steps, skipped } = read([
      spanJson(
        "aa",
        "04",
        { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" },
        { parentSpanId: "02".padEnd(16, "0") },
      ),
      spanJson(
        "aa",
        "02",
        { "input.value": "in", "output.value": "out" },
        { parentSpanId: "01".padEnd(16, "0") },
      ),
      spanJson("aa", "03", { "http.method": "GET" }, { parentSpanId: "02".padEnd(16, "0") }),
      spanJson("aa", "01", { "http.route": "/x" }),
    ]);
    expect(runs).toMatchObject([{ spanId: "02".padEnd(16, "0"), inputs: "in" }]);
    expect(steps).toMatchObject([{ name: "search", kind: "tool", runId: trace }]);
    expect(skipped).toEqual({ no_content: 2 });
  });

  it("prefers a workflow's span to others at the top", () => {
    const { runs, steps } = read([
      spanJson("aa", "01", { "input.value": "first" }),
      spanJson("aa", "02", { "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "w" }),
    ]);
    expect(runs).toMatchObject([{ workflow: "w" }]);
    expect(steps).toHaveLength(1);
  });

  it("joins steps to the SDK's run by their own id, their ancestors, or the only run of the trace", () => {
    const parentSpanId = "01".padEnd(16, "0");
    const { runs, steps } = read([
      spanJson("aa", "01", { "evenkeel.workflow": "w", "evenkeel.run.id": "r1" }),
      spanJson("aa", "02", { "evenkeel.run.id": "r9", "evenkeel.step": "s", "evenkeel.workflow": "w" }),
      spanJson("aa", "03", { "input.value": "x" }, { parentSpanId }),
      spanJson("aa", "04", { "input.value": "x" }, { parentSpanId: "ff".padEnd(16, "0") }),
    ]);
    expect(runs.map((run) => run.runId)).toEqual(["r1"]);
    expect(steps.map((step) => step.runId)).toEqual(["r9", "r1", "r1"]);
  });

  it("holds a span whose parent may still come as a candidate, and not one whose parent is remote", () => {
    const orphan = (flags?: number) =>
      read([spanJson("aa", "02", { "input.value": "x" }, { parentSpanId: "01".padEnd(16, "0"), flags })]);
    expect(orphan()).toMatchObject({ runs: [], steps: [{ runId: trace }], candidates: [{ runId: trace }] });
    expect(orphan(0x301)).toMatchObject({ runs: [{ runId: trace }], steps: [], candidates: [] });
  });

  it("survives spans that are each other's parents", () => {
    const ring = [
      spanJson("aa", "01", {}, { parentSpanId: "02".padEnd(16, "0") }),
      spanJson("aa", "02", {}, { parentSpanId: "01".padEnd(16, "0") }),
      spanJson("aa", "03", { "input.value": "x" }, { parentSpanId: "02".padEnd(16, "0") }),
    ];
    expect(read(ring).runs).toHaveLength(1);
  });

  it("reads an error from the exception event, else from the status", () => {
    const attributes = { "input.value": "x" };
    const event = {
      name: "exception",
      timeUnixNano: "1",
      attributes: [
        { key: "exception.type", value: { stringValue: "TypeError" } },
        { key: "exception.message", value: { stringValue: "boom" } },
      ],
    };
    const [first, second] = read([
      spanJson("aa", "01", attributes, { status: { code: 2, message: "m" }, events: [event] }),
      spanJson("ab", "01", attributes, { status: { code: 2, message: "m" } }),
    ]).runs;
    expect(first).toMatchObject({ status: "error", error: { type: "TypeError", message: "boom" } });
    expect(second).toMatchObject({ status: "error", error: { type: "Error", message: "m" } });
  });

  const times = [
    {
      why: "keeps times hours off",
      start: "1795100000000000000",
      end: 1795100001000000000,
      startMs: 1795100000000,
      endMs: 1795100001000,
    },
    {
      why: "clamps an end before the start",
      start: "1795164000000000000",
      end: "1795163000000000000",
      startMs: 1795164000000,
      endMs: 1795164000000,
    },
    { why: "replaces absurd times", start: "1", end: "9999999999999999999999", startMs: nowMs, endMs: nowMs },
    { why: "replaces missing times", start: undefined, end: undefined, startMs: nowMs, endMs: nowMs },
  ];
  it.each(times)("$why", ({ start, end, startMs, endMs }) => {
    const times = { startTimeUnixNano: start, endTimeUnixNano: end };
    const [run] = read([spanJson("aa", "01", { "input.value": "x" }, times)]).runs;
    expect(run).toMatchObject({ startedAtMs: startMs, endedAtMs: endMs });
  });

  it("reads reviews from a run's events", () => {
    const event = {
      name: "gen_ai.evaluation.result",
      timeUnixNano: "1795164000000000000",
      attributes: [
        { key: "gen_ai.evaluation.name", value: { stringValue: "human" } },
        { key: "gen_ai.evaluation.score.label", value: { stringValue: "fail" } },
      ],
    };
    const { labels } = read([spanJson("aa", "01", { "input.value": "x" }, { events: [event] })]);
    expect(labels).toMatchObject([{ kind: "review", verdict: "rejected", reason: "human", runId: trace }]);
  });
});
