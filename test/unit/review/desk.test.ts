import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal, QueuedRun } from "../../../src/journal/port.ts";
import { TransientError } from "../../../src/model/errors.ts";
import type { RunRow } from "../../../src/model/rows.ts";
import { createReviewDesk, type DeskDeps } from "../../../src/review/desk.ts";
import type { Receipt } from "../../../src/store/port.ts";

const log = pino({ level: "silent" });
const approved = { verdict: "approved", output: null, reason: "", note: "" } as const;

let dir: string;
let journal: Journal;
let nowMs: number;
let recorded: { runId: string; body: Record<string, unknown>; chosenBy: string }[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "evenkeel-desk-"));
  journal = openJournal({ path: join(dir, "journal"), log });
  nowMs = 1_000_000;
  recorded = [];
});

afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true });
});

function queued(runId: string, more: Partial<QueuedRun> = {}): QueuedRun {
  return {
    runId,
    round: 1,
    workflow: "w",
    version: "v",
    receivedAtMs: 1,
    chosenBy: "random",
    why: "random sample",
    probability: 0.01,
    queuedAtMs: Number(runId.slice(1)),
    ...more,
  };
}

function openDesk(more: Partial<DeskDeps> = {}) {
  const receipt = (runId: string): Receipt | null =>
    runId === "r404"
      ? null
      : {
          run: { run_id: runId, outputs: "{}" } as RunRow,
          version: null,
          steps: [],
          reviews: [],
          outcomes: [],
          decisions: [],
        };
  return createReviewDesk({
    journal,
    store: { receipt: (runId) => Promise.resolve(receipt(runId)) },
    record: (runId, body, chosenBy) => {
      recorded.push({ runId, body: body as Record<string, unknown>, chosenBy });
      return Promise.resolve({});
    },
    wallClock: { nowMs: () => nowMs },
    log,
    claimMs: 60_000,
    undoMs: 10_000,
    ...more,
  });
}

const idOf = async (claim: Promise<{ run: QueuedRun } | null>) => (await claim)?.run.runId ?? null;

describe("desk.next()", () => {
  it("never gives two people the same run", async () => {
    for (const id of ["r1", "r2", "r3"]) journal.reviewQueue.add(queued(id));
    const desk = openDesk();
    const given = await Promise.all(["ann", "bob", "cyd"].map((name) => idOf(desk.next(name))));
    expect(given).toEqual(["r1", "r2", "r3"]);
    expect(await idOf(desk.next("dan"))).toBeNull();
  });

  it("gives a reviewer the run that they hold, with the time of their first look", async () => {
    journal.reviewQueue.add(queued("r1"));
    const desk = openDesk();
    await desk.next("ann");
    nowMs += 5000;
    expect((await desk.next("ann"))?.run).toMatchObject({ runId: "r1", claimedAtMs: 1_000_000 });
  });

  it("gives a run to someone else once its claim has run out", async () => {
    journal.reviewQueue.add(queued("r1"));
    const desk = openDesk();
    await desk.next("ann");
    nowMs += 60_001;
    expect(await idOf(desk.next("bob"))).toBe("r1");
    expect(desk.answer("r1", "ann", approved)).toBe(false);
  });

  it("keeps claims over a restart", async () => {
    journal.reviewQueue.add(queued("r1"));
    await openDesk().next("ann");
    expect(await idOf(openDesk().next("bob"))).toBeNull();
  });

  it("keeps to one workflow when asked", async () => {
    journal.reviewQueue.add(queued("r1"));
    journal.reviewQueue.add(queued("r2", { workflow: "x" }));
    expect(await idOf(openDesk().next("ann", "x"))).toBe("r2");
  });

  it("passes over a run that the store no longer has", async () => {
    journal.reviewQueue.add(queued("r404"));
    journal.reviewQueue.add(queued("r500"));
    expect(await idOf(openDesk().next("ann"))).toBe("r500");
  });
});

describe("desk.answer()", () => {
  it("is recorded once its time to be taken back is over, with the time it took", async () => {
    journal.reviewQueue.add(queued("r1"));
    const desk = openDesk();
    await desk.next("ann");
    nowMs += 7000;
    expect(
      desk.answer("r1", "ann", { ...approved, verdict: "edited", output: { a: 1 }, reason: "made up" }),
    ).toBe(true);
    await desk.settle();
    expect(recorded).toEqual([]);
    nowMs += 10_000;
    await desk.settle();
    const body = {
      verdict: "edited",
      output: { a: 1 },
      reason: "made up",
      note: "",
      reviewer: "ann",
      duration_ms: 7000,
    };
    expect(recorded).toEqual([{ runId: "r1", body, chosenBy: "random" }]);
    expect([desk.waiting(), desk.answeredToday("ann")]).toEqual([[], 1]);
  });

  it("is recorded at the end, whatever its time", async () => {
    journal.reviewQueue.add(queued("r1"));
    const desk = openDesk();
    await desk.next("ann");
    desk.answer("r1", "ann", approved);
    await desk.settle(true);
    expect(recorded).toHaveLength(1);
  });

  it("is kept and tried again while it cannot be recorded", async () => {
    journal.reviewQueue.add(queued("r1"));
    let isFull = true;
    const desk = openDesk({
      record: () => (isFull ? Promise.reject(new TransientError("Cannot keep it")) : Promise.resolve({})),
    });
    await desk.next("ann");
    desk.answer("r1", "ann", approved);
    await desk.settle(true);
    expect(desk.undoable("ann")?.runId).toBe("r1");
    isFull = false;
    await desk.settle(true);
    expect(desk.undoable("ann")).toBeNull();
    expect(journal.reviewQueue.open()).toEqual([]);
  });

  it("is refused for a run that the reviewer does not hold", () => {
    journal.reviewQueue.add(queued("r1"));
    expect(openDesk().answer("r1", "ann", approved)).toBe(false);
  });
});

describe("desk.undo()", () => {
  it("gives the run back to the reviewer and records nothing", async () => {
    for (const id of ["r1", "r2"]) journal.reviewQueue.add(queued(id));
    const desk = openDesk();
    await desk.next("ann");
    desk.answer("r1", "ann", approved);
    expect(await idOf(desk.next("ann"))).toBe("r2");
    expect(desk.undo("ann")?.runId).toBe("r1");
    expect(await idOf(desk.next("ann"))).toBe("r1");
    await desk.settle(true);
    expect(recorded).toEqual([]);
  });

  it("answers null when nothing can be taken back", () => {
    expect(openDesk().undo("ann")).toBeNull();
  });
});

describe("a second opinion", () => {
  it("goes to someone else, and is recorded apart from the statistics", async () => {
    journal.reviewQueue.add(queued("r1"));
    const seen: string[] = [];
    const desk = openDesk({
      onRecorded: (run) => {
        seen.push(run.runId);
        journal.reviewQueue.add({ ...run, round: 2, chosenBy: "targeted", why: "second opinion" });
      },
    });
    await desk.next("ann");
    desk.answer("r1", "ann", approved);
    await desk.settle(true);
    expect(await idOf(desk.next("ann"))).toBeNull();
    expect(await idOf(desk.next("bob"))).toBe("r1");
    desk.answer("r1", "bob", { ...approved, verdict: "rejected" });
    await desk.settle(true);
    expect(recorded.map(({ chosenBy }) => chosenBy)).toEqual(["random", "targeted"]);
    expect(seen).toEqual(["r1"]);
  });
});

describe("desk.skip()", () => {
  it("puts the run behind those that wait", async () => {
    for (const id of ["r1", "r2"]) journal.reviewQueue.add(queued(id));
    const desk = openDesk();
    await desk.next("ann");
    desk.skip("r1", "ann");
    expect(await idOf(desk.next("ann"))).toBe("r2");
  });
});
