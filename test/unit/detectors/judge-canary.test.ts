import { describe, expect, it } from "vitest";
import { judgeCanary, type Stratum } from "../../../src/detectors/judge-canary.ts";

const stratum = (usual: [number, number], now: [number, number]): Stratum => ({
  usual: { compared: usual[0], differed: usual[1] },
  now: { compared: now[0], differed: now[1] },
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const draw = (n: number, share: number, random: () => number): number =>
  Array.from({ length: n }, () => (random() < share ? 1 : 0)).reduce<number>((sum, one) => sum + one, 0);

describe("judgeCanary()", () => {
  // Fisher's exact test, one-sided, computed by hand: 1 / C(7, 3), and (C(3,2) C(4,1) + 1) / C(7, 3).
  const references = [
    { why: "one input, all three changed", strata: [stratum([4, 0], [3, 3])], pValue: 1 / 35 },
    {
      why: "two inputs, all changed",
      strata: [1, 2].map(() => stratum([4, 0], [3, 3])),
      pValue: 1 / 35 ** 2,
    },
    { why: "a noisy input", strata: [stratum([4, 1], [3, 2])], pValue: 13 / 35 },
    { why: "nothing differs", strata: [stratum([4, 0], [3, 0])], pValue: 1 },
    { why: "fewer differ than before", strata: [stratum([4, 4], [3, 0])], pValue: 1 },
  ];
  it.each(references)("gives the exact chance: $why", ({ strata, pValue }) => {
    expect(judgeCanary(strata, 0.01).pValue).toBeCloseTo(pValue, 12);
  });

  it("alarms no more often than promised on noise of any size that differs from input to input", () => {
    const random = seeded(7);
    const alpha = 0.05;
    const rounds = 2_000;
    let alarms = 0;
    for (let round = 0; round < rounds; round += 1) {
      const strata = Array.from({ length: 12 }, (_, index) => {
        const share = (index % 4) * 0.15;
        return stratum([4, draw(4, share, random)], [3, draw(3, share, random)]);
      });
      if (judgeCanary(strata, alpha).verdict === "differs") alarms += 1;
    }
    expect(alarms / rounds).toBeLessThanOrEqual(alpha);
  });

  it("finds a changed model in the first round, behind noise", () => {
    const random = seeded(11);
    let found = 0;
    for (let round = 0; round < 200; round += 1) {
      const strata = Array.from({ length: 20 }, () =>
        stratum([4, draw(4, 0.1, random)], [3, draw(3, 0.6, random)]),
      );
      if (judgeCanary(strata, 1e-5).verdict === "differs") found += 1;
    }
    expect(found).toBeGreaterThan(190);
  });

  const degenerate = [
    { why: "no inputs", strata: [], verdict: "not enough" },
    { why: "no noise learned", strata: [stratum([0, 0], [3, 3])], verdict: "not enough" },
    { why: "no answers", strata: [stratum([4, 0], [0, 0])], verdict: "not enough" },
    { why: "one input can prove nothing", strata: [stratum([4, 0], [3, 3])], verdict: "not enough" },
    {
      why: "a difference too small to matter, however certain",
      strata: [stratum([4_000, 0], [1_000, 9])],
      verdict: "same",
    },
  ];
  it.each(degenerate)("answers '$verdict': $why", ({ strata, verdict }) => {
    expect(judgeCanary(strata, 0.001).verdict).toBe(verdict);
  });
});
