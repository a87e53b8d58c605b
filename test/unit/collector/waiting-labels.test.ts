import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWaitingLabels } from "../../../src/collector/waiting-labels.ts";
import { draftOutcome } from "../../../src/collector/labels.ts";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { dayMs } from "../../../src/model/clock.ts";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { createHarness, jsonBytes, logsJson } from "./harness.ts";

let path = "";
let journal: Journal;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "evenkeel-waiting-")), "journal.db");
  journal = openJournal({ path, log: pino({ level: "silent" }) });
});
afterEach(() => journal.close());

const shadow = (runId: string, more: object = {}) => ({
  run_id: runId,
  workflow: "w",
  mode: "shadow",
  version: "v1",
  outputs: { category: "it", total: 10 },
  ...more,
});
const begin = (given: Parameters<typeof createHarness>[0] = {}) =>
  createHarness({ waitingLabels: journal.waitingLabels, ...given });

describe("decisions on shadow runs", () => {
  const agreed = { "shadow_disagreement  no": 1, "shadow_disagreement output.category no": 1 };
  const differs = {
    "shadow_disagreement  yes": 1,
    "shadow_disagreement output.category no": 1,
    "shadow_disagreement output.total yes": 1,
  };

  it("runs() counts a decision that comes with its run", async () => {
    const { ingest, counts, rows } = begin();
    await ingest.runs(jsonBytes(shadow("a", { decision: { output: { category: "it" } } })));
    expect(counts()).toEqual(agreed);
    expect(rows("decisions")).toMatchObject([{ run_id: "a", compared: ["output.category"], differing: [] }]);
  });

  it("decision() counts one that comes after its run, once, with what differs and why", async () => {
    const { ingest, counts, rows } = begin();
    await ingest.runs(jsonBytes(shadow("a")));
    const given = {
      output: { category: "it", total: 12 },
      reason: "wrong total",
      note: "VAT",
      reviewer: "ann",
    };
    expect(await ingest.decision("a", given)).toMatchObject({ status: "accepted" });
    expect(await ingest.decision("a", given)).toMatchObject({ status: "duplicate" });
    expect(counts()).toEqual(differs);
    expect(rows("decisions")).toMatchObject([
      { version: "v1", reason: "wrong total", note: "VAT", reviewer: "ann", differing: ["output.total"] },
    ]);
  });

  it("decision() keeps one that comes before its run, across a restart, and joins it by business key", async () => {
    const before = begin();
    const given = { workflow: "w", key: "INV-1", output: { category: "it" } };
    expect(await before.ingest.decision(null, given)).toMatchObject({ status: "waiting" });
    expect(await before.ingest.decision(null, given)).toMatchObject({ status: "waiting" });
    const { ingest, counts } = begin();
    await ingest.settle();
    await ingest.runs(jsonBytes([shadow("a", { key: "INV-1" }), shadow("b", { key: "INV-2" })]));
    expect(counts()).toEqual({});
    await ingest.settle();
    await ingest.settle();
    expect(counts()).toEqual(agreed);
    expect(journal.waitingLabels.all()).toEqual([]);
  });

  it("logs() takes a decision as an event", async () => {
    const { ingest, counts } = begin();
    await ingest.runs(jsonBytes(shadow("a", { key: "INV-1" })));
    const attributes = {
      "evenkeel.workflow": "w",
      "evenkeel.key": "INV-1",
      "evenkeel.decision.output": '{"category":"it"}',
    };
    await ingest.logs(logsJson([{ eventName: "evenkeel.decision", attributes }]), "json");
    expect(counts()).toEqual(agreed);
  });

  it("decision() compares as the owner says, and finds a failed run different in everything", async () => {
    const compare = { total: { by: "number", tolerance: 5 } } as const;
    const { ingest, rows } = begin({ settings: () => ({ contract: {}, confidenceBelow: null, compare }) });
    await ingest.runs(jsonBytes([shadow("a"), shadow("b", { outputs: null, status: "error" })]));
    for (const id of ["a", "b"]) await ingest.decision(id, { output: { category: "it", total: 12 } });
    expect(rows("decisions").map((row) => row.differing)).toEqual([[], ["output.category", "output.total"]]);
  });

  it("decision() waits for outputs that are on their way to the store", async () => {
    let stored: string | null = null;
    const { ingest, rows, clock } = begin({
      findRun: async (runId) => ({ runId, workflow: "w", version: "v1", mode: "shadow", receivedAtMs: 0 }),
      findOutputs: async () => stored,
    });
    const given = { output: { category: "it" } };
    expect(await ingest.decision("far", given)).toMatchObject({ status: "waiting" });
    stored = '{"category":"it"}';
    clock.timeMs += 60_000;
    await ingest.settle();
    expect(rows("decisions")).toMatchObject([{ run_id: "far", differing: [] }]);
  });

  it("decision() refuses a live run, and a body without a decision", async () => {
    const { ingest } = begin();
    await ingest.runs(jsonBytes(shadow("a", { mode: "live" })));
    await expect(ingest.decision("a", { output: {} })).rejects.toThrow("must have the mode 'shadow'");
    await expect(ingest.decision("a", { note: "?" })).rejects.toThrow(PermanentError);
    await expect(ingest.decision(null, { key: "k", output: 1 })).rejects.toThrow("must name its run");
  });
});

describe("outcomes by business key", () => {
  const outcome = { workflow: "w", key: "INV-1", name: "disputed", value: true };

  it("outcome() joins the newest run under the key, in memory and in the store", async () => {
    const { ingest, rows } = begin({
      findRunByKey: async (workflow, key) =>
        key === "old" ? { runId: "o", workflow, version: "v0", mode: "live", receivedAtMs: 0 } : null,
    });
    const live = { mode: "live", key: "INV-1" };
    await ingest.runs(
      jsonBytes([shadow("a", live), shadow("b", live), shadow("c", { ...live, workflow: "x" })]),
    );
    expect(await ingest.outcome(null, outcome)).toMatchObject({ status: "accepted" });
    expect(await ingest.outcome(null, { ...outcome, key: "old" })).toMatchObject({ status: "accepted" });
    expect(rows("outcomes").map((row) => [row.run_id, row.version])).toEqual([
      ["b", "v1"],
      ["o", "v0"],
    ]);
  });

  it("outcome() meets its run under a key that is personal and therefore redacted", async () => {
    const { ingest, rows } = begin();
    const key = "ann@leak.example";
    await ingest.outcome(null, { ...outcome, key });
    const kept = journal.waitingLabels.all();
    const bodies = journal.waitingLabels.bodies(kept.map(({ id }) => id));
    expect(bodies).toHaveLength(1);
    expect(JSON.stringify([kept, bodies])).not.toContain("leak");
    await ingest.runs(jsonBytes(shadow("a", { mode: "live", key })));
    await ingest.settle();
    expect(rows("outcomes")).toMatchObject([{ run_id: "a" }]);
    expect(JSON.stringify(rows("runs"))).not.toContain("leak");
  });

  it("outcome() counts a run once, told by its key and by its id, early and late, and then otherwise", async () => {
    const { ingest, rows, counts } = begin();
    await ingest.outcome(null, outcome);
    await ingest.runs(jsonBytes(shadow("a", { mode: "live", key: "INV-1" })));
    await ingest.settle();
    await ingest.outcome("a", { name: "disputed", value: true });
    await ingest.outcome("a", { name: "disputed", value: false });
    await ingest.outcome("a", { name: "paid", value: true });
    expect(rows("outcomes")).toHaveLength(4);
    const counted = Object.entries(counts()).filter(([key]) => key.startsWith("outcome"));
    expect(counted).toEqual([
      ["outcome disputed yes@0", 1],
      ["outcome paid yes@0", 1],
    ]);
  });

  it("outcome() of a shadow or canary run is kept and not counted", async () => {
    const { ingest, rows, counts } = begin();
    await ingest.runs(jsonBytes([shadow("a"), shadow("b", { mode: "canary" })]));
    for (const id of ["a", "b"]) await ingest.outcome(id, { name: "won", value: true });
    expect(rows("outcomes")).toHaveLength(2);
    expect(counts()).toEqual({});
  });

  it("settle() tries again after the store was away, and gives up after a month", async () => {
    let isAway = true;
    const { ingest, rows, clock } = begin({
      findRunByKey: async () => {
        if (isAway) throw new TransientError("Cannot reach ClickHouse");
        return null;
      },
    });
    await expect(ingest.outcome(null, outcome)).rejects.toThrow(TransientError);
    isAway = false;
    expect(await ingest.outcome(null, outcome)).toMatchObject({ status: "waiting" });
    isAway = true;
    await ingest.settle();
    expect(journal.waitingLabels.all()).toHaveLength(1);
    isAway = false;
    clock.timeMs += 31 * dayMs;
    await ingest.settle();
    expect(rows("rejects")).toMatchObject([{ reason: "unknown_run" }]);
    expect(journal.waitingLabels.all()).toEqual([]);
  });
});

describe("createWaitingLabels()", () => {
  it("refuses more than it may hold, and keeps what it has", () => {
    const waiting = createWaitingLabels(journal.waitingLabels, 1);
    const label = (name: string) =>
      draftOutcome({
        outcomeId: name,
        runId: "r",
        traceId: "",
        workflow: "w",
        businessKey: "",
        mayWait: true,
        name,
        value: 1,
        atMs: null,
      });
    waiting.hold([label("a")], 1);
    waiting.hold([label("a")], 2);
    expect(() => waiting.hold([label("b")], 3)).toThrow(TransientError);
    expect(waiting.takeDue(4).map(({ sinceMs }) => sinceMs)).toEqual([1]);
  });
});
