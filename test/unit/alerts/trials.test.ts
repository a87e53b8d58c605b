import { describe, expect, it } from "vitest";
import { judgeTrial } from "../../../src/alerts/judge-trial.ts";
import { type SelfFacts, selfProblems } from "../../../src/alerts/self-problems.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { key, moved, startMs } from "../incidents/build.ts";

const vendor = key("null_rate", "output.vendor");
const counted = (counts: Record<string, number>, of = vendor): SignalBucket => ({ ...of, startMs, counts });

describe("judgeTrial()", () => {
  // The drift: from 0.4 % to 31 %.
  const cases = [
    { why: "good when the runs look like the baseline", buckets: [counted({ value: 20 })], kind: "good" },
    {
      why: "bad when they look like the drift",
      buckets: [counted({ value: 14, missing: 4, empty: 2 })],
      kind: "bad",
    },
    { why: "undecided on a few runs", buckets: [counted({ value: 5 })], kind: "undecided" },
    { why: "undecided without runs", buckets: [], kind: "undecided" },
    {
      why: "blind to other signals",
      buckets: [counted({ missing: 90 }, key("null_rate", "output.other"))],
      kind: "undecided",
    },
    { why: "counted over minutes", buckets: [counted({ value: 10 }), counted({ value: 10 })], kind: "good" },
  ];
  it.each(cases)("is $why", ({ buckets, kind }) => {
    expect(judgeTrial([moved(vendor, startMs)], buckets).kind).toBe(kind);
  });

  it("is bad when one of several signals is", () => {
    const overrides = key("override_rate");
    const buckets = [counted({ value: 40 }), counted({ "yes@0": 20, "no@0": 20 }, overrides)];
    const verdict = judgeTrial([moved(vendor, startMs), moved(overrides, startMs)], buckets);
    expect(verdict).toEqual({ kind: "bad", reason: "override_rate is as it was before the pause: 20 of 40" });
  });

  it("looks at the share of one category where the drift speaks of one", () => {
    const category = key("output_distribution", "output.category");
    const signal = moved(category, startMs, { of: "=travel" });
    expect(judgeTrial([signal], [counted({ "=travel": 9, "=rent": 11 }, category)]).kind).toBe("bad");
    expect(judgeTrial([signal], [counted({ "=it": 9, "=rent": 11 }, category)]).kind).toBe("good");
  });

  it("is undecided where no signal is a share", () => {
    expect(judgeTrial([moved(key("latency"), startMs, { unit: "ms" })], []).kind).toBe("undecided");
  });
});

describe("selfProblems()", () => {
  const well: SelfFacts = {
    nowMs: startMs,
    storeTroubleSinceMs: null,
    lastSweepMs: startMs - 5_000,
    judgedThroughMs: startMs - 60_000,
    spoolShare: 0.1,
    disk: { freeBytes: 100e9, totalBytes: 500e9 },
  };
  const had = (facts: Partial<SelfFacts>) =>
    selfProblems({ ...well, ...facts })
      .filter(({ solved }) => !solved)
      .map(({ problemId }) => problemId);
  const cases: { why: string; facts: Partial<SelfFacts>; problems: string[] }[] = [
    { why: "nothing when all is well", facts: {}, problems: [] },
    {
      why: "nothing before the first sweep",
      facts: { lastSweepMs: null, judgedThroughMs: null },
      problems: [],
    },
    {
      why: "nothing of a clock that was put right a little",
      facts: { judgedThroughMs: startMs + 299_999 },
      problems: [],
    },
    {
      why: "of a clock that was set back",
      facts: { judgedThroughMs: startMs + 300_000 },
      problems: ["clock"],
    },
    {
      why: "nothing of a short trouble of the store",
      facts: { storeTroubleSinceMs: startMs - 60_000 },
      problems: [],
    },
    {
      why: "of a store that takes nothing",
      facts: { storeTroubleSinceMs: startMs - 120_000 },
      problems: ["store"],
    },
    { why: "of sweeps that fail", facts: { lastSweepMs: startMs - 600_000 }, problems: ["sweep"] },
    { why: "of a spool that fills", facts: { spoolShare: 0.8 }, problems: ["spool"] },
    {
      why: "of a disk that fills",
      facts: { disk: { freeBytes: 0.9e9, totalBytes: 500e9 } },
      problems: ["disk"],
    },
    {
      why: "nothing of a small disk with room",
      facts: { disk: { freeBytes: 0.9e9, totalBytes: 4e9 } },
      problems: [],
    },
  ];
  it.each(cases)("tells $why", ({ facts, problems }) => {
    expect(had(facts)).toEqual(problems);
  });
});
