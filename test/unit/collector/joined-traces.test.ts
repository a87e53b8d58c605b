import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createHarness, jsonBytes, logsJson, spanJson, tracesJson } from "./harness.ts";

interface Captured {
  path: string;
  text?: string;
  base64?: string;
}

function captured(source: string): Captured[] {
  const file = new URL(`../../fixtures/sources/${source}.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { requests: Captured[] }).requests;
}

type Harness = ReturnType<typeof createHarness>;

async function send({ ingest }: Harness, { path, text, base64 }: Captured): Promise<void> {
  const bytes = text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
  const encoding = text === undefined ? "protobuf" : "json";
  await (path === "/v1/logs" ? ingest.logs(bytes, encoding) : ingest.traces(bytes, encoding));
}

const stepsOf = (harness: Harness) =>
  harness.rows("steps").filter(({ step_id }) => !step_id.includes("/log-"));
const byId = <T extends { step_id: string }>(rows: T[]) =>
  rows.toSorted((a, b) => a.step_id.localeCompare(b.step_id));

describe("content in log records", () => {
  const sources = ["genai-js", "genai-python-events"];

  it.each(sources)("that come before their spans is theirs (%s)", async (source) => {
    const harness = createHarness();
    const [traces, logs] = captured(source);
    await send(harness, logs!);
    await send(harness, traces!);
    const ok = harness.rows("runs").find((run) => run.status === "ok");
    expect(ok).toMatchObject({ outputs: '{"category":"billing","urgency":"high"}' });
    expect(ok?.inputs).toContain("Charged twice");
    expect(stepsOf(harness)).toHaveLength(3);
    for (const step of stepsOf(harness)) expect(step.inputs).toContain("Charged twice");
  });

  it.each(sources)("that come after their spans is their run's (%s)", async (source) => {
    const harness = createHarness();
    const [traces, logs] = captured(source);
    await send(harness, traces!);
    expect(harness.rows("runs")).toEqual([]);
    await send(harness, logs!);
    await harness.ingest.settle(true);
    const [first, second] = harness.rows("runs").toSorted((a, b) => b.status.localeCompare(a.status));
    expect(first).toMatchObject({ status: "ok", outputs: '{"category":"billing","urgency":"high"}' });
    expect(second).toMatchObject({ status: "error", outputs: "null" });
    // On disk before the answer, since the memory of them may be lost.
    expect(harness.rows("steps").filter(({ step_id }) => step_id.includes("/log-"))).toHaveLength(3);
  });

  const bare = tracesJson([
    spanJson("aa", "01", { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 3 }),
  ]);
  const details = logsJson([
    {
      eventName: "gen_ai.client.inference.operation.details",
      traceId: "aa".padEnd(32, "0"),
      spanId: "01".padEnd(16, "0"),
      attributes: { "gen_ai.input.messages": "in", "gen_ai.output.messages": "out" },
    },
  ]);
  it.each(["before", "after"])(
    "that come %s a model call without a span above it are its run's",
    async (when) => {
      const harness = createHarness();
      if (when === "before") await harness.ingest.logs(details, "json");
      await harness.ingest.traces(bare, "json");
      if (when === "after") await harness.ingest.logs(details, "json");
      await harness.ingest.settle(true);
      expect(harness.rows("runs")).toMatchObject([{ inputs: '"in"', outputs: '"out"', input_tokens: 3 }]);
    },
  );

  it("that never come leave a run without content", async () => {
    const harness = createHarness();
    await harness.ingest.traces(bare, "json");
    expect(harness.rows("runs")).toEqual([]);
    await harness.ingest.settle(true);
    expect(harness.rows("runs")).toMatchObject([{ inputs: "null", outputs: "null", input_tokens: 3 }]);
  });

  it("that is sent again is kept once", async () => {
    const harness = createHarness();
    const [, logs] = captured("genai-python-events");
    for (let attempt = 0; attempt < 3; attempt += 1) await send(harness, logs!);
    expect(harness.rows("steps")).toHaveLength(3);
  });

  it("does not keep ordinary log records, nor content without a span", async () => {
    const harness = createHarness();
    const record = { eventName: "gen_ai.user.message", body: { stringValue: "hi" } };
    await harness.ingest.logs(
      jsonBytes({
        resourceLogs: [{ scopeLogs: [{ logRecords: [record, { body: { stringValue: "x" } }] }] }],
      }),
      "json",
    );
    expect(harness.batches.flatMap(({ batch }) => Object.keys(batch))).toEqual([]);
    expect(harness.meters.dropped.get("not_a_label")).toBe(2);
  });
});

describe("hostile log records", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const cases = [
    { why: "an event named after a member of every object", eventName: "constructor", text: "x" },
    {
      why: "content that nests without end",
      eventName: "gen_ai.client.inference.operation.details",
      text: deep,
    },
  ];
  it.each(cases)("$why costs no more than itself", async ({ eventName, text }) => {
    const harness = createHarness();
    const record = (name: string, spanId: string, content: string) => ({
      eventName: name,
      traceId: "aa".padEnd(32, "0"),
      spanId: spanId.padEnd(16, "0"),
      attributes: [{ key: "gen_ai.output.messages", value: { stringValue: content } }],
    });
    const good = record("gen_ai.client.inference.operation.details", "02", "yes");
    const logRecords = [record(eventName, "01", text), good];
    await harness.ingest.logs(jsonBytes({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }), "json");
    expect(harness.rows("steps").map((step) => step.outputs)).toContain('"yes"');
  });
});

describe("spans that come one by one", () => {
  const exported = JSON.parse(captured("langfuse-js")[0]?.text ?? "") as {
    resourceSpans: { resource: unknown; scopeSpans: { spans: { traceId: string }[] }[] }[];
  };
  const [group] = exported.resourceSpans;
  const all = group!.scopeSpans.flatMap(({ spans }) => spans);
  const spans = all.filter(({ traceId }) => traceId === all[0]?.traceId);
  const alone = (span: unknown) =>
    jsonBytes({ resourceSpans: [{ resource: group!.resource, scopeSpans: [{ spans: [span] }] }] });

  async function told(order: readonly unknown[]): Promise<Harness> {
    const harness = createHarness();
    for (const span of order) await harness.ingest.traces(alone(span), "json");
    await harness.ingest.settle(true);
    return harness;
  }

  const [first, tool, second, root] = spans;
  const orders = [
    { why: "as they end", order: [first, tool, second, root] },
    { why: "the other way round", order: [root, second, tool, first] },
    { why: "with the root in the middle", order: [second, root, first, tool] },
    { why: "each of them twice", order: [first, first, tool, tool, second, second, root, root] },
  ];
  it.each(orders)("are one run with its steps, $why", async ({ order }) => {
    const harness = await told(order);
    expect(harness.rows("runs")).toMatchObject([
      {
        workflow: "triage-langfuse-js",
        status: "ok",
        version: "v12",
        inputs: expect.stringContaining("Charged twice"),
        outputs: '{"category":"billing","urgency":"high"}',
      },
    ]);
    const runId = harness.rows("runs")[0]?.run_id;
    const rootId = `${runId}/${(root as unknown as { spanId: string }).spanId}`;
    const below = byId(stepsOf(harness)).filter(({ step_id }) => step_id !== rootId);
    expect(below.map((step) => [step.run_id, step.kind])).toEqual(
      expect.arrayContaining([
        [runId, "model"],
        [runId, "model"],
        [runId, "tool"],
      ]),
    );
    expect(below).toHaveLength(3);
  });

  it("tell their run's tokens and prompt when they come before it", async () => {
    const harness = await told([first, tool, second, root]);
    expect(harness.rows("runs")).toMatchObject([{ input_tokens: 240, output_tokens: 60 }]);
    expect(harness.rows("versions")).toMatchObject([{ prompt_name: "triage-prompt", prompt_version: "12" }]);
  });

  it("count a second span under the id of another", async () => {
    const harness = createHarness();
    const span = { "gen_ai.operation.name": "chat", "gen_ai.output.messages": "one" };
    await harness.ingest.traces(tracesJson([spanJson("aa", "01", span), spanJson("aa", "01", span)]), "json");
    expect(harness.rows("runs")).toHaveLength(1);
    expect(harness.meters.dropped.get("duplicate_span")).toBe(1);
  });
});
