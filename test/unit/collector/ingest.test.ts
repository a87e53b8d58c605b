import protobuf from "protobufjs/minimal.js";
import { describe, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { createHarness, jsonBytes, logsJson, spanJson, tracesJson } from "./harness.ts";

const run = (runId: string, more: Record<string, unknown> = {}) => ({
  run_id: runId,
  workflow: "w",
  ...more,
});
const review = (attributes: Record<string, string>) => ({ eventName: "evenkeel.review", attributes });

describe("ingest: ids", () => {
  it("runs() acknowledges a known id and counts it once", async () => {
    const { ingest, rows, counts, meters } = createHarness();
    const body = jsonBytes([
      run("a", { reviews: [{ verdict: "approved" }], steps: [{ name: "s" }] }),
      run("a"),
    ]);
    expect(await ingest.runs(body)).toMatchObject([{ status: "accepted" }, { status: "duplicate" }]);
    expect(await ingest.runs(body)).toMatchObject([{ status: "duplicate" }, { status: "duplicate" }]);
    expect([rows("runs").length, rows("reviews").length, rows("steps").length]).toEqual([1, 1, 1]);
    expect(counts()["volume  run"]).toBe(1);
    expect([meters.runsReceived.get(), meters.runs.get("w ok")]).toEqual([1, 1]);
    expect(meters.runsDuplicate.get()).toBe(3);
  });

  it("releases what it claimed when the append fails, and remembers nothing", async () => {
    let isFull = true;
    const batches: unknown[] = [];
    const { ingest, meters } = createHarness({
      sink: {
        append: async (batch) => {
          if (isFull) throw new TransientError("Cannot append: full");
          batches.push(batch);
        },
      },
    });
    await expect(ingest.runs(jsonBytes(run("a", { version: "v1" })))).rejects.toThrow(TransientError);
    expect(meters.runsReceived.get()).toBe(0);
    isFull = false;
    expect(await ingest.runs(jsonBytes(run("a", { version: "v1" })))).toMatchObject([{ status: "accepted" }]);
    expect(batches).toMatchObject([{ runs: [{ run_id: "a" }], versions: [{ version: "v1" }] }]);
  });

  it("does not acknowledge a retry whose original fails while in flight", async () => {
    const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const { ingest } = createHarness({
      sink: { append: () => new Promise<void>((resolve, reject) => waiting.push({ resolve, reject })) },
    });
    const original = ingest.runs(jsonBytes(run("a")));
    await Promise.resolve();
    const retry = ingest.runs(jsonBytes(run("a")));
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.resolve();
    waiting[0]?.reject(new TransientError("Cannot append: full"));
    await expect(original).rejects.toThrow("full");
    await expect(retry).rejects.toThrow(TransientError);
  });

  it("takes a large request in portions, and after a failure in between counts all of it once", async () => {
    let appends = 0;
    const kept: string[] = [];
    const { ingest, meters } = createHarness({
      sink: {
        append: async ({ runs = [] }) => {
          appends += 1;
          if (appends === 2) throw new TransientError("Cannot append: full");
          kept.push(...runs.map((row) => row.run_id));
        },
      },
    });
    const ids = Array.from({ length: 1200 }, (_, index) => `r${index}`);
    const body = jsonBytes(ids.map((id) => run(id, { reviews: [{ verdict: "approved" }] })));
    await expect(ingest.runs(body)).rejects.toThrow(TransientError);
    const answers = await ingest.runs(body);
    expect(answers.map((answer) => answer.status === "accepted")).toEqual(
      ids.map((_, index) => index >= 500),
    );
    expect(kept).toEqual(ids);
    expect([meters.runsReceived.get(), meters.reviews.get("w approved")]).toEqual([1200, 1200]);
  });

  it("writes each version once", async () => {
    const { ingest, rows } = createHarness();
    await ingest.runs(jsonBytes([run("a", { model: "m" }), run("b", { model: "m" })]));
    await ingest.runs(jsonBytes([run("c", { model: "m" }), run("d", { model: "n" })]));
    expect(rows("versions").map((row) => row.model)).toEqual(["m", "n"]);
  });
});

describe("ingest: traces that come in parts", () => {
  const root = () => spanJson("aa", "01", { "input.value": "root", "gen_ai.workflow.name": "w" });
  const child = () =>
    spanJson("aa", "02", { "input.value": "child" }, { parentSpanId: "01".padEnd(16, "0") });

  it("traces() makes the root the run, however late it comes", async () => {
    const { ingest, rows, clock } = createHarness({ rootWaitMs: 10_000 });
    await ingest.traces(tracesJson([child()]), "json");
    clock.timeMs += 9_000;
    await ingest.settle();
    await ingest.traces(tracesJson([root()]), "json");
    clock.timeMs += 60_000;
    await ingest.settle();
    expect(rows("runs")).toMatchObject([{ inputs: '"root"', workflow: "w" }]);
    expect(rows("steps")).toMatchObject([{ inputs: '"child"' }]);
  });

  it("settle() makes a run of a trace whose root never comes, and a later root a step of it", async () => {
    const { ingest, rows, clock } = createHarness({ rootWaitMs: 10_000 });
    await ingest.traces(tracesJson([child()]), "json");
    clock.timeMs += 10_000;
    await ingest.settle();
    expect(rows("runs")).toMatchObject([{ inputs: '"child"', received_at: clock.timeMs }]);
    await ingest.traces(tracesJson([root()]), "json");
    await ingest.traces(tracesJson([root(), child()]), "json");
    expect(rows("runs")).toHaveLength(1);
    expect(rows("steps").map((step) => step.inputs)).toEqual(['"child"', '"root"']);
  });

  it("lets a trace wait for the SDK's run, and gives it the spans that know only the trace", async () => {
    const { ingest, rows, clock } = createHarness({ rootWaitMs: 10_000 });
    const sdkRun = spanJson("aa", "01", { "evenkeel.workflow": "w", "evenkeel.run.id": "r" });
    const late = spanJson("aa", "03", { "input.value": "late" }, { parentSpanId: "01".padEnd(16, "0") });
    await ingest.traces(tracesJson([child()]), "json");
    await ingest.traces(tracesJson([sdkRun]), "json");
    await ingest.traces(tracesJson([late]), "json");
    clock.timeMs += 60_000;
    await ingest.settle(true);
    expect(rows("runs").map((row) => row.run_id)).toEqual(["r"]);
    expect(rows("steps").map((row) => row.run_id)).toEqual(["aa".padEnd(32, "0"), "r"]);
  });

  it("takes the run id that a topmost span names", async () => {
    const { ingest, rows } = createHarness();
    await ingest.traces(
      tracesJson([spanJson("aa", "01", { "input.value": "x", "evenkeel.run.id": "mine" })]),
      "json",
    );
    expect(rows("runs")).toMatchObject([{ run_id: "mine", workflow: "svc", source: "otel" }]);
  });

  it("counts a late step in its run's workflow and version, and none whose run is unknown", async () => {
    const { ingest, counts, rows } = createHarness();
    const sdkRun = { "evenkeel.workflow": "w", "evenkeel.run.id": "r", "evenkeel.version": "v" };
    await ingest.traces(tracesJson([spanJson("aa", "01", sdkRun)]), "json");
    const step = (id: string, runId: string) =>
      spanJson("aa", id, { "evenkeel.run.id": runId, "evenkeel.step": "s" });
    await ingest.traces(tracesJson([step("02", "r"), step("03", "unknown")]), "json");
    expect(rows("steps")).toHaveLength(2);
    expect(counts((row) => row.kind === "step_errors" && row.version === "v")).toEqual({
      "step_errors s no": 1,
    });
  });
});

describe("ingest: reviews and outcomes", () => {
  it("logs() joins an evaluation to its run by trace, and finds a stored run", async () => {
    const { ingest, rows } = createHarness({
      findRun: async (runId) =>
        runId === "old"
          ? { runId, workflow: "stored", version: "v1", receivedAtMs: Date.UTC(2026, 10, 17, 9) }
          : null,
      findOutputs: async () => '{"c":"x"}',
    });
    await ingest.traces(
      tracesJson([spanJson("aa", "01", { "evenkeel.workflow": "w", "evenkeel.run.id": "r" })]),
      "json",
    );
    await ingest.logs(
      logsJson([
        {
          eventName: "gen_ai.evaluation.result",
          traceId: "aa".padEnd(32, "0"),
          attributes: { "gen_ai.evaluation.name": "n", "gen_ai.evaluation.score.label": "pass" },
        },
        review({
          "evenkeel.run.id": "old",
          "evenkeel.review.verdict": "edited",
          "evenkeel.review.output": '{"c":"y"}',
        }),
      ]),
      "json",
    );
    expect(rows("reviews")).toMatchObject([
      { run_id: "r", workflow: "w", verdict: "approved" },
      { run_id: "old", workflow: "stored", version: "v1", verdict: "edited" },
    ]);
    const of = rows("rollups").filter((row) => row.kind === "override_rate" && row.workflow === "stored");
    expect(of.map(({ field, bin }) => `${field} ${bin}`)).toEqual([" yes@3", "output.c yes@3"]);
  });

  it("logs() asks to come again for a run that is not known yet, then gives the review up to the rejects", async () => {
    const { ingest, rows, clock } = createHarness();
    const body = logsJson([review({ "evenkeel.run.id": "none", "evenkeel.review.verdict": "approved" })]);
    await expect(ingest.logs(body, "json")).rejects.toThrow(TransientError);
    clock.timeMs += 7_000;
    expect(await ingest.logs(body, "json")).toMatchObject({ rejected: { unknown_run: 1 } });
    expect(rows("rejects")).toMatchObject([{ reason: "unknown_run" }]);
  });

  it("logs() keeps a review of an unknown run that names its workflow, and rejects a bad verdict alone", async () => {
    const { ingest, rows } = createHarness();
    const attributes = { "evenkeel.run.id": "r", "evenkeel.workflow": "w" };
    const { rejected } = await ingest.logs(
      logsJson([
        review({ ...attributes, "evenkeel.review.verdict": "approved" }),
        review({ ...attributes, "evenkeel.review.verdict": "perhaps" }),
      ]),
      "json",
    );
    expect(rejected).toEqual({ bad_verdict: 1 });
    expect(rows("reviews")).toMatchObject([{ workflow: "w", version: "" }]);
  });

  it("review() counts a retry once, and keeps targeted reviews out of the rates", async () => {
    const { ingest, rows, counts } = createHarness();
    await ingest.runs(jsonBytes(run("a")));
    const given = { verdict: "approved", reviewer: "ann", duration_ms: 12.4 };
    expect(await ingest.review("a", given)).toMatchObject({ status: "accepted" });
    expect(await ingest.review("a", given)).toMatchObject({ status: "duplicate" });
    expect(await ingest.review("a", { ...given, reviewer: "bob" }, "targeted")).toMatchObject({
      status: "accepted",
    });
    expect(await ingest.review("zz", given)).toBeNull();
    await expect(ingest.review("a", { verdict: "x" })).rejects.toThrow(PermanentError);
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    await expect(ingest.review("a", { verdict: "edited", output: deep })).rejects.toThrow(PermanentError);
    expect(rows("reviews").map((row) => [row.chosen_by, row.duration_ms])).toEqual([
      ["api", 12],
      ["targeted", 12],
    ]);
    expect(counts((row) => row.kind === "override_rate")).toEqual({
      "override_rate  no@0": 1,
      "override_rate output no@0": 1,
    });
  });

  const outcomes = [
    { why: "true as yes", value: true, bins: ["yes@0"] },
    { why: "the word 'no' as no", value: "no", bins: ["no@0"] },
    { why: "other text not at all", value: "late", bins: [] },
  ];
  it.each(outcomes)("outcome() counts $why", async ({ value, bins }) => {
    const { ingest, rows } = createHarness();
    await ingest.runs(jsonBytes(run("a")));
    await ingest.outcome("a", { name: "won", value });
    expect(rows("outcomes")).toMatchObject([{ name: "won", value: JSON.stringify(value) }]);
    expect(
      rows("rollups")
        .filter((row) => row.kind === "outcome")
        .map((row) => row.bin),
    ).toEqual(bins);
  });

  it("review() says that the store cannot be asked", async () => {
    const findRun = async () => Promise.reject(new TransientError("Cannot reach ClickHouse"));
    const { ingest } = createHarness({ findRun });
    await expect(ingest.review("a", { verdict: "approved" })).rejects.toThrow(TransientError);
  });
});

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
    const { ingest, batches } = createHarness();
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
    const rejected = Buffer.from(batches[0]?.batch.rejects?.[0]?.body ?? "", "base64").toString();
    expect(rejected).toContain('"run_id":"bad"');
    expect(text.length).toBeLessThan(400_000);
    for (const leak of ["b.example", "hunter2"]) expect(text + rejected).not.toContain(leak);
    expect(text.isWellFormed()).toBe(true);
    expect(text).not.toMatch(/(?<!\\)\\ud83d/);
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
        return { runId, workflow: "w", version: "", receivedAtMs: clock.timeMs };
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
