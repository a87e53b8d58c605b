import protobuf from "protobufjs/minimal.js";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../../src/collector/redact.ts";
import { PermanentError } from "../../../src/model/errors.ts";
import { createHarness, jsonBytes, logsJson, spanJson, tracesJson } from "./harness.ts";

const run = (runId: string, more: Record<string, unknown> = {}) => ({
  run_id: runId,
  workflow: "w",
  ...more,
});
const review = (attributes: Record<string, string>) => ({ eventName: "evenkeel.review", attributes });

describe("ingest: bad input", () => {
  it("traces() sets a broken protobuf span aside and keeps its neighbour", async () => {
    const { ingest, rows } = createHarness();
    const writer = protobuf.Writer.create().uint32(10).fork().uint32(18).fork();
    writer.uint32(18).bytes(Buffer.from([0x0a, 0x7f, 1, 2]));
    writer.uint32(18).fork();
    writer.uint32(10).bytes(Buffer.alloc(16, 0xaa)).uint32(18).bytes(Buffer.alloc(8, 0xbb));
    const attribute = (key: string, value: (inner: protobuf.Writer) => protobuf.Writer) => {
      writer.uint32(74).fork().uint32(10).string(key).uint32(18);
      value(writer.fork()).ldelim().ldelim();
    };
    attribute("evenkeel.workflow", (inner) => inner.uint32(10).string("w"));
    attribute("evenkeel.run.id", (inner) => inner.uint32(10).string("r"));
    attribute("evenkeel.confidence", (inner) => inner.uint32(33).double(Number.NaN));
    attribute("evenkeel.input", (inner) => inner.uint32(10).bytes(Buffer.from([0x22, 0xff, 0xfe, 0x22])));
    attribute("evenkeel.retries", (inner) => inner.uint32(24).int64(3));
    attribute("evenkeel.output", (inner) => inner.uint32(24).int64("-9007199254740995"));
    const bytes = writer.ldelim().ldelim().ldelim().finish();
    expect(await ingest.traces(bytes, "protobuf")).toMatchObject({ rejected: { bad_length: 1 } });
    expect(rows("runs")).toMatchObject([
      { run_id: "r", confidence: null, inputs: '"\ufffd\ufffd"', outputs: '"-9007199254740995"', retries: 3 },
    ]);
    await expect(ingest.traces(bytes.subarray(0, bytes.length - 1), "protobuf")).rejects.toThrow(
      PermanentError,
    );
  });

  const bodies = [
    { why: "truncated protobuf", bytes: Buffer.from([0x0a, 0x05, 0x12]), encoding: "protobuf" },
    { why: "text as protobuf", bytes: Buffer.from("hello there"), encoding: "protobuf" },
    { why: "a list as JSON", bytes: Buffer.from("[]"), encoding: "json" },
    {
      why: "spans that are no list",
      bytes: Buffer.from('{"resourceSpans":[{"scopeSpans":3}]}'),
      encoding: "json",
    },
    { why: "nested lists without end", bytes: Buffer.from("[".repeat(100_000)), encoding: "json" },
  ] as const;
  it.each(bodies)("traces() refuses $why and keeps it among the rejects", async ({ bytes, encoding }) => {
    const { ingest, rows } = createHarness();
    await expect(ingest.traces(bytes, encoding)).rejects.toThrow(PermanentError);
    expect(rows("rejects")).toMatchObject([{ reason: "bad_body", content_type: encoding }]);
  });

  it("traces() rejects a span whose attributes nest without end, alone", async () => {
    const { ingest, rows } = createHarness();
    let value: unknown = { stringValue: "x" };
    for (let depth = 0; depth < 200; depth += 1) value = { arrayValue: { values: [value] } };
    const deep = { ...spanJson("ab", "01", {}), attributes: [{ key: "input.value", value }] };
    const result = await ingest.traces(
      tracesJson([deep, spanJson("aa", "01", { "input.value": "x" })]),
      "json",
    );
    expect(result).toMatchObject({ rejected: { bad_nesting: 1 } });
    expect(rows("runs")).toHaveLength(1);
  });

  it("survives content that nests without end wherever it comes, and keeps the neighbours", async () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const { ingest, rows } = createHarness();
    const sdkRun = (id: string, more: Record<string, string>) =>
      spanJson(id, "01", { "evenkeel.workflow": "w", "evenkeel.run.id": id, ...more });
    await ingest.traces(
      tracesJson([
        sdkRun("aa", { "evenkeel.settings": deep }),
        sdkRun("ab", { "evenkeel.input": deep, "evenkeel.output": `{"a":${deep}}` }),
        sdkRun("ac", {}),
      ]),
      "json",
    );
    const plain = [`{"workflow":"w","settings":${deep}}`, `{"workflow":"w","run_id":"ad","inputs":${deep}}`];
    const answers = await ingest.runs(Buffer.from(`[${plain.join(",")}]`));
    expect(answers).toMatchObject([{ status: "rejected" }, { status: "accepted" }]);
    await ingest.logs(
      logsJson([
        review({
          "evenkeel.run.id": "ac",
          "evenkeel.review.verdict": "edited",
          "evenkeel.review.output": deep,
        }),
      ]),
      "json",
    );
    expect(rows("runs").map((row) => row.run_id)).toEqual(["ab", "ac", "ad"]);
  });

  it("runs() keeps big, deep, odd and secret values within bounds and without the secret", async () => {
    const { ingest, batches, rows } = createHarness();
    const odd = run("odd", {
      inputs: { big: "x".repeat(10_000_000), "a@b.example": 1, half: "\ud83d", long: "12345678901234567890" },
      outputs: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
      error: { message: "for ann@b.example", stack: "at ann@b.example" },
      attributes: { mail: "ann@b.example", password: "hunter2" },
      prompt: "You are ann@b.example",
      reviews: [{ verdict: "rejected", note: "ask ann@b.example", reviewer: "ann@b.example" }],
      steps: [{ name: "s", inputs: { token: "hunter2" }, outputs: "ann@b.example" }],
    });
    const answers = await ingest.runs(
      jsonBytes([odd, run("good"), { run_id: "bad", password: "hunter2", mail: "ann@b.example" }]),
    );
    expect(answers).toMatchObject([{ status: "accepted" }, { status: "accepted" }, { status: "rejected" }]);
    const text = JSON.stringify(batches);
    const rejected = Buffer.from(rows("rejects")[0]?.body ?? "", "base64").toString();
    expect(rejected).toContain('"run_id":"bad"');
    expect(text.length).toBeLessThan(400_000);
    for (const leak of ["b.example", "hunter2"]) expect(text + rejected).not.toContain(leak);
    expect(text.isWellFormed()).toBe(true);
    expect(text).not.toMatch(/(?<!\\)\\ud83d/);
  });

  it("keeps fields that the owner named out of the rejects", async () => {
    const { ingest, rows } = createHarness({
      redactor: createRedactor({ key: "k", fields: ["input.name"] }),
    });
    await ingest.runs(
      jsonBytes([
        { workflow: 1, inputs: { name: "Ann Leak", x: 1 }, steps: [{ inputs: { name: "Ann Leak" } }] },
      ]),
    );
    const bad = { ...spanJson("aa", "01", { "evenkeel.input": '{"name":"Ann Leak"}' }), traceId: "zz" };
    await ingest.traces(tracesJson([bad]), "json");
    await expect(ingest.runs(Buffer.from('{"inputs":{"name":"Ann Leak"'))).rejects.toThrow(PermanentError);
    const bodies = rows("rejects").map((row) => Buffer.from(row.body, "base64").toString());
    expect(bodies[0]).toMatch(
      /^\{"workflow":1,"inputs":\{"name":"\[field:[0-9a-f]{8}\]","x":1\},"steps":\[\{"inputs":\{"name":"\[field:[0-9a-f]{8}\]"\}\}\]\}$/,
    );
    expect(bodies.slice(1)).toEqual([
      expect.stringMatching(/^\[cut: \d+ characters\]$/),
      "[cut: 28 characters]",
    ]);
  });

  it("runs() keeps a bounded number of steps and counts the others", async () => {
    const { ingest, rows, meters } = createHarness();
    await ingest.runs(jsonBytes(run("a", { steps: Array.from({ length: 501 }, () => ({ name: "s" })) })));
    expect([rows("steps").length, meters.dropped.get("step")]).toEqual([500, 1]);
  });

  it("runs() keeps integers beyond 2^53 and refuses what is not a number", async () => {
    const { ingest, rows } = createHarness();
    await ingest.runs(
      Buffer.from('{"workflow":"w","inputs":{"n":12345678901234567890,"f":0.12345678901234567}}'),
    );
    expect(rows("runs")[0]?.inputs).toBe('{"n":"12345678901234567890","f":0.12345678901234566}');
    await expect(ingest.runs(Buffer.from('{"workflow":"w","inputs":NaN}'))).rejects.toThrow(PermanentError);
  });

  it("takes its own time and appends in one turn, after every question to the store", async () => {
    const { ingest, clock, rows } = createHarness({
      findRun: async (runId) => {
        clock.timeMs += 60_000;
        return { runId, workflow: "w", version: "", mode: "live", receivedAtMs: clock.timeMs };
      },
    });
    const startMs = clock.timeMs;
    const event = {
      name: "evenkeel.outcome",
      attributes: [
        { key: "evenkeel.run.id", value: { stringValue: "older" } },
        { key: "evenkeel.outcome.name", value: { stringValue: "won" } },
        { key: "evenkeel.outcome.value", value: { stringValue: "true" } },
      ],
    };
    await ingest.traces(
      tracesJson([spanJson("aa", "01", { "input.value": "x" }, { events: [event] })]),
      "json",
    );
    expect(rows("runs")[0]?.received_at).toBe(startMs + 60_000);
  });
});
