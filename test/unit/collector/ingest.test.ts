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
          ? {
              runId,
              workflow: "stored",
              version: "v1",
              mode: "live",
              receivedAtMs: Date.UTC(2026, 10, 17, 9),
            }
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
