import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inclusionProbability } from "../../../src/review/fill-queue.ts";
import { readAgreement, sampleRuns } from "../../../src/store/queries-review.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

let sidecar: Sidecar;

beforeAll(async () => {
  const review = { sample_rate: 0, min_per_week: 0 };
  sidecar = await startSidecar({
    workflows: {
      busy: { review: { ...review, sample_rate: 0.1 } },
      quiet: { review: { ...review, min_per_week: 5 } },
      brief: { review, retention: { runs_days: 2 } },
      asking: { review: { ...review, topics: ["Refund"] }, confidence_below: 0.5 },
      demanding: {
        review,
        contract: { outputs: { a: { required: true, demand_review: true }, b: { required: true } } },
      },
    },
  });
  const busy = Array.from({ length: 1500 }, (_, index) => ({
    run_id: `busy-${index}`,
    workflow: "busy",
    inputs: { index },
  }));
  const quiet = Array.from({ length: 4 }, (_, index) => ({
    run_id: `quiet-${index}`,
    workflow: "quiet",
    inputs: { index },
  }));
  const asking = [
    { run_id: "unsure", workflow: "asking", confidence: 0.2, outputs: { a: 1 } },
    { run_id: "sure", workflow: "asking", confidence: 0.9, outputs: { a: 1 } },
    { run_id: "sensitive", workflow: "asking", confidence: 0.9, inputs: { text: "I want a REFUND now" } },
    { run_id: "shadow", workflow: "asking", confidence: 0.1, mode: "shadow", outputs: { a: 1 } },
  ];
  const demanding = Array.from({ length: 20 }, (_, index) => ({
    run_id: `demanding-${index}`,
    workflow: "demanding",
    outputs: index < 10 ? { b: 1 } : { a: 1 },
  }));
  await sidecar.send([...busy, ...quiet, ...asking, ...demanding]);
});

afterAll(() => sidecar.stop());

/** Everything in the queue, claimed one by one. */
function claimAll(workflow: string) {
  const queue = sidecar.app.parts.journal.reviewQueue;
  const runs = [];
  for (let person = 0; ; person++) {
    const run = queue.claim({
      reviewer: `p${person}`,
      nowMs: Date.now(),
      untilMs: Date.now() + 60_000,
      workflow,
    });
    if (run === null) return runs;
    runs.push(run);
  }
}

describe("filler.fill()", () => {
  it("forgets what has waited longer than runs of its workflow are kept", async () => {
    const { filler, journal } = sidecar.app.parts;
    const queue = journal.reviewQueue;
    const dayMs = 86_400_000;
    for (const [workflow, days] of [
      ["brief", 4],
      ["brief", 2],
      ["lasting", 4],
    ] as const) {
      const queuedAtMs = Date.now() - days * dayMs;
      const run = { runId: `${workflow}-${days}`, round: 1, workflow, version: "", receivedAtMs: queuedAtMs };
      queue.add({ ...run, chosenBy: "random", why: "", probability: 1, queuedAtMs });
    }
    await filler.fill();
    expect(["brief-4", "brief-2", "lasting-4"].map((runId) => queue.has(runId))).toEqual([false, true, true]);
  });

  it("chooses at random, tops up quiet workflows, and adds what asks for eyes apart", async () => {
    const { journal, filler } = sidecar.app.parts;
    await filler.fill();
    const open = journal.reviewQueue.open();
    await filler.fill();
    expect(journal.reviewQueue.open()).toEqual(open);

    const busy = claimAll("busy");
    // 150 are expected of 1,500; five standard deviations are 58.
    expect(Math.abs(busy.length - 150)).toBeLessThan(58);
    expect(new Set(busy.map(({ chosenBy, probability }) => `${chosenBy} ${probability}`))).toEqual(
      new Set(["random 0.1"]),
    );
    expect(
      claimAll("quiet")
        .map(({ runId }) => runId)
        .sort(),
    ).toEqual(["quiet-0", "quiet-1", "quiet-2", "quiet-3"]);
    const asking = claimAll("asking").map(({ runId, chosenBy, why }) => `${runId}: ${chosenBy}, ${why}`);
    expect(asking.sort()).toEqual([
      "sensitive: targeted, sensitive topic",
      "unsure: targeted, low confidence",
    ]);
  });
});

describe("filler.fill() with a contract that demands reviews", () => {
  it("queues every run that breaks the rule, apart from the random sample, and some of the others", () => {
    const runs = claimAll("demanding");
    const demanded = runs.filter(({ runId }) => Number(runId.slice("demanding-".length)) < 10);
    expect(demanded).toHaveLength(10);
    expect(runs.length - demanded.length).toBeLessThan(10);
    expect(new Set(runs.map(({ chosenBy, why }) => `${chosenBy}, ${why}`))).toEqual(
      new Set(["targeted, broken contract"]),
    );
  });
});

describe("store.exampleRuns() of a contract", () => {
  const shown = async (field: string, bin: string) => {
    const signal = { workflow: "demanding", kind: "contract" as const, field };
    const span = { fromMs: 0, toMs: Date.now() + 60_000 };
    const runs = await sidecar.app.parts.store.exampleRuns({ signal, bin, ...span, limit: 100 });
    return runs.map((run) => Number(run.run_id.slice("demanding-".length))).sort((a, b) => a - b);
  };
  const first = Array.from({ length: 10 }, (_, index) => index);
  const last = first.map((index) => index + 10);

  it("shows the runs that broke the rule, and those that kept it", async () => {
    expect(await shown("output.a (required)", "yes")).toEqual(first);
    expect(await shown("output.b (required)", "yes")).toEqual(last);
    expect(await shown("output.a (required)", "no")).toEqual(last);
    expect(await shown("output (schema)", "yes")).toEqual([...first, ...last]);
  });
});

describe("sampleRuns()", () => {
  it("chooses the same runs under the same key, and others under another", async () => {
    const { store } = sidecar.app.parts;
    const query = {
      fromMs: 0,
      toMs: Date.now() + 1000,
      probabilities: new Map([["busy", 0.1]]),
      limit: 1000,
    };
    const ids = async (key: [number, number]) =>
      (await sampleRuns(store, { ...query, key })).map(({ runId }) => runId).sort();
    expect(await ids([1, 2])).toEqual(await ids([1, 2]));
    expect(await ids([1, 2])).not.toEqual(await ids([3, 4]));
  });
});

describe("filler.audit()", () => {
  it("queues the newest runs and remembers them for the scorecard", async () => {
    expect(await sidecar.app.parts.filler.audit("quiet")).toBe(4);
    const card = (await (await sidecar.get("/v1/workflows/quiet/scorecard")).json()) as any;
    expect(card).toMatchObject({ mark: "not enough yet", audit: { runs: 4, usable: 0, unusable: 0 } });
  });
});

describe("readAgreement()", () => {
  it("counts runs that two people saw, and on how many they said the same", async () => {
    const say = (run: string, reviewer: string, verdict: string) =>
      sidecar.post(`/v1/runs/${run}/review`, { reviewer, verdict });
    await say("quiet-0", "ann", "approved");
    await say("quiet-0", "bob", "approved");
    await say("quiet-1", "ann", "approved");
    await say("quiet-1", "bob", "rejected");
    await say("quiet-2", "ann", "rejected");
    await sidecar.app.parts.writer()?.flush();
    const span = { workflow: "quiet", fromMs: 0, toMs: Date.now() + 60_000 };
    expect(await readAgreement(sidecar.app.parts.store, span)).toEqual({ runs: 2, agreed: 1 });
  });
});

describe("inclusionProbability()", () => {
  it.each([
    { why: "is the rate where there are runs enough", rate: 0.01, min: 5, runs: 10_000, want: 0.01 },
    { why: "rises at low volume", rate: 0.01, min: 5, runs: 100, want: 0.05 },
    { why: "is never above one", rate: 0.01, min: 5, runs: 2, want: 1 },
  ])("$why", ({ rate, min, runs, want }) => {
    expect(inclusionProbability({ sampleRate: rate, minPerWeek: min }, runs)).toBe(want);
  });
});
