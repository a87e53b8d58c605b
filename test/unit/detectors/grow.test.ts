import { describe, expect, it } from "vitest";
import { baselineDue, growBaseline, growthEnd } from "../../../src/detectors/grow.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { startState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { history, startMs } from "./fixture.ts";

const buckets = history("iid", 480, 8);
const young = learnBaseline(buckets, { fromMs: startMs, toMs: startMs + 2 * dayMs });
const later = (days: number): { throughMs: number; bucketMs: number } => ({
  throughMs: startMs + days * dayMs,
  bucketMs: hourMs,
});

describe("baselineDue()", () => {
  const state = step(young, startState(young), buckets, later(8)).state;
  const drifted = { ...state, signals: { ...state.signals } };
  const id = "w null_rate output.field2";
  const drift = {
    score: 0,
    direction: "up" as const,
    onset: { atMs: 0, earliestMs: 0, latestMs: 0 },
    detectedMs: 0,
    since: { atMs: 0, n: 1, hours: 1, x: [1] },
    tilt: 1,
    recovery: -99,
    recoveryBefore: -99,
  };
  const before = state.signals[id];
  if (before !== undefined) drifted.signals[id] = { ...before, drift };

  const cases = [
    { why: "too few runs for a first one", baseline: null, state: null, runs: 99, due: "no" },
    { why: "enough runs for a first one", baseline: null, state: null, runs: 100, due: "learn" },
    { why: "a young one grows", baseline: young, state, runs: 960, due: "grow" },
    { why: "not while anything drifts", baseline: young, state: drifted, runs: 960, due: "no" },
    {
      why: "not one that a person pinned",
      baseline: { ...young, pinned: true },
      state,
      runs: 960,
      due: "no",
    },
    { why: "not before there is more", baseline: young, state: startState(young), runs: 960, due: "no" },
    {
      why: "not beyond 5,000 runs and 28 days",
      baseline: { ...young, runs: 6000, fromMs: young.toMs - 29 * dayMs },
      state: { ...state, throughMs: young.toMs + 90 * dayMs, unknown: {} },
      runs: 6000,
      due: "no",
    },
  ] as const;
  it.each(cases)("says $due: $why", ({ baseline, state: at, runs, due }) => {
    expect(baselineDue(baseline, at, runs)).toBe(due);
  });
});

describe("growBaseline()", () => {
  const state = step(young, startState(young), buckets, later(8)).state;

  it("learns from a longer past, less a lag, and keeps the evidence", () => {
    const grown = growBaseline(young, state, buckets);
    expect(grown.baseline.runs).toBeGreaterThan(2 * young.runs);
    expect(grown.baseline.toMs).toBeLessThanOrEqual(growthEnd(young, state));
    expect(grown.baseline.toMs).toBeLessThan(state.throughMs - dayMs);
    const id = "w null_rate output.field3";
    expect(grown.state.signals[id]?.evidence).toBe(state.signals[id]?.evidence);
    const next = step(grown.baseline, grown.state, [], later(8));
    expect(next.verdicts.some(({ verdict }) => verdict.kind === "drift")).toBe(false);
  });

  it("takes in signals that appeared since, and reads them from now on", () => {
    const fresh = buckets.flatMap((bucket): SignalBucket[] =>
      bucket.kind === "volume"
        ? [{ ...bucket, kind: "null_rate", field: "output.fresh", counts: { value: 20 } }]
        : [],
    );
    const at = {
      ...state,
      unknown: { x: { kind: "null_rate" as const, field: "output.fresh", runs: 900, firstMs: 0 } },
    };
    const grown = growBaseline(young, at, [...buckets, ...fresh]);
    expect(grown.baseline.signals.map(({ field }) => field)).toContain("output.fresh");
    expect(grown.state.signals["w null_rate output.fresh"]?.committedMs).toBe(state.throughMs);
  });

  it("reads what is counted over time from now on where growth brings it, and takes no past for silence", () => {
    const twelve = history("iid", 480, 12);
    const counted = new Set(["volume ", "outcome invoice_disputed"]);
    const disputed = twelve.flatMap((bucket): SignalBucket[] =>
      bucket.kind === "volume"
        ? [{ ...bucket, kind: "outcome", field: "invoice_disputed", counts: { "yes@0": 1 } }]
        : [],
    );
    const isCounted = ({ kind, field }: { kind: string; field: string }) => counted.has(`${kind} ${field}`);
    const bare = { ...young, signals: young.signals.filter((signal) => !isCounted(signal)) };
    const { unknown, ...rest } = step(bare, startState(bare), [...twelve, ...disputed], later(12)).state;
    expect(Object.values(unknown).filter(isCounted)).toHaveLength(2);
    const grown = growBaseline(bare, { ...rest, unknown }, [...twelve, ...disputed]);
    expect(grown.baseline.signals.filter(isCounted)).toHaveLength(2);
    for (const id of ["w volume ", "w outcome invoice_disputed"])
      expect(grown.state.signals[id]?.readMs).toBe(rest.throughMs);

    // Two more hours as usual, and no word of a silence before them.
    const hours = [0, 1].flatMap((hour) =>
      [...twelve, ...disputed]
        .filter(({ startMs: at }) => at === rest.throughMs - dayMs + hour * hourMs)
        .map((bucket) => ({ ...bucket, startMs: bucket.startMs + dayMs })),
    );
    const throughMs = rest.throughMs + 2 * hourMs;
    const next = step(grown.baseline, grown.state, hours, { throughMs, bucketMs: hourMs });
    expect(next.verdicts.filter(({ verdict }) => verdict.kind === "drift")).toEqual([]);
  });

  it("leaves a suspicious signal its old baseline", () => {
    const id = "w null_rate output.field3";
    const known = state.signals[id];
    if (known === undefined) throw new Error("no state");
    const alarming = { ...state, signals: { ...state.signals, [id]: { ...known, evidence: 6 } } };
    const grown = growBaseline(young, alarming, buckets);
    const find = ({ signals }: typeof young) => signals.find(({ field }) => field === "output.field3");
    expect(find(grown.baseline)).toEqual(find(young));
    expect(grown.state.signals[id]).toEqual(alarming.signals[id]);
  });
});
