import { describe, expect, it } from "vitest";
import { simulate, sources, type World } from "../../../bench/detection/world.ts";
import type { SignalBaseline } from "../../../src/detectors/baseline.ts";
import { noiseScale } from "../../../src/detectors/dispersion.ts";
import { learnStrata } from "../../../src/detectors/learn-strata.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { poolExcess } from "../../../src/detectors/pool.ts";
import { expectedShares } from "../../../src/detectors/strata.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import { startMs } from "./fixture.ts";

/** The baseline of one simulated signal alone after 28 days with 480 runs each. */
function learned(world: World, field: string, seed: number): SignalBaseline {
  const only = sources.filter((source) => `${source.kind} ${source.field}` === field);
  const simulation = simulate(world, 480, seed, only);
  const buckets = Array.from({ length: 28 * 24 }, (_, hour) =>
    simulation.buckets(startMs + hour * hourMs, hourMs),
  ).flat();
  const [signal] = learnBaseline(buckets, { fromMs: startMs, toMs: startMs + 28 * dayMs }).signals;
  if (signal === undefined) throw new Error(`no baseline of ${field}`);
  return signal;
}

/** Middle one of an odd number. */
function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) / 2] ?? NaN;
}

const seeds = Array.from({ length: 9 }, (_, at) => 40 + at);

describe("learnBaseline()", () => {
  it("takes volume for as restless as its world makes it", () => {
    // The world's volume differs by .2 between days; a weekday that was seen four times is off by a quarter of that.
    const rhos = seeds.map((seed) => learned("real", "volume ", seed).scores[0]?.rhoDay ?? NaN);
    expect(middle(rhos) / 0.2 ** 2).toBeGreaterThan(1);
    expect(middle(rhos) / 0.2 ** 2).toBeLessThan(2);
  });

  it("finds the hours of a rate, though most runs are in the other bin", () => {
    const swings = seeds.map((seed) => {
      const { layout, strata } = learned("seasonal", "low_confidence ", seed);
      const yes = layout.bins.indexOf("yes");
      const logs = strata?.hours?.map((row) => row[yes] ?? 0) ?? [0];
      return Math.max(...logs) - Math.min(...logs);
    });
    // A wave of .28 on the log odds, twice that from top to bottom; what chance would explain of it is taken off.
    expect(middle(swings)).toBeGreaterThan(0.2);
  });
});

describe("learnStrata()", () => {
  it("expects of a day of the history what the other days say, and not what it says itself", () => {
    const baseline = { ...learned("real", "volume ", 40), strata: null };
    const at = (hour: number): number => startMs / hourMs + hour;
    const even = Array.from({ length: 28 * 24 }, (_, hour) => {
      const n = (hour % 24 < 12 ? 30 : 10) * (hour % (7 * 24) < 5 * 24 ? 2 : 1);
      return { hour: at(hour), n, counts: [n], exposure: [1] };
    });
    const wild = even.map((entry) =>
      entry.hour < at(24) ? { ...entry, n: 3 * entry.n, counts: [3 * entry.n] } : entry,
    );
    const own = (history: typeof even): number[] =>
      learnStrata(baseline, history)
        .expected.slice(0, 24)
        .map(([expected = NaN]) => expected);
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    // How far hours and weekdays differ is learned from all days, so the two are close and not the same.
    expect(sum(own(wild)) / sum(own(even))).toBeGreaterThan(0.9);
    expect(sum(own(wild)) / sum(own(even))).toBeLessThan(1.1);
    const { strata } = learnStrata(baseline, wild);
    const taught = wild
      .slice(0, 24)
      .map(({ hour }) => expectedShares({ ...baseline, strata }, hour * hourMs)[0] ?? 0);
    expect(sum(taught) / sum(own(even))).toBeGreaterThan(1.3);
  });
});

describe("noiseScale()", () => {
  // Σ p exp(.02 z) s / Σ p exp(.02 z) over 400,000 draws of independent normal z: its variance / .0004 / the score's own.
  const cases = [
    { shares: [0.9, 0.1], values: [0, 1], expected: 0.1806 },
    { shares: [0.5, 0.3, 0.2], values: [1, 0, 0], expected: 0.3807 },
    { shares: [0.5, 0.3, 0.2], values: [1, -1, 0], expected: 0.3847 },
  ];
  it.each(cases)(
    "is what noise on each share's logarithm does to $values",
    ({ shares, values, expected }) => {
      const layout = { shape: "category" as const, bins: shares.map(String), rare: [] };
      const baseline = { ...learned("iid", "errors ", 1), layout, shares };
      expect(noiseScale(baseline, values)).toBeCloseTo(expected, 2);
    },
  );
});

describe("poolExcess()", () => {
  const own = (variance: number): { sum: number; df: number; pairs: number; peaks: [] } => ({
    sum: 18 * variance,
    df: 18,
    pairs: 27,
    peaks: [],
  });

  it("lends a signal the more the more alike its class is", () => {
    const alike = poolExcess([0.04, 0.05, 0.045, 0.05, 0.04, 0.055].map(own), 0.03);
    const unlike = poolExcess([0.001, 0.2, 0.01, 0.12, 0.02, 0.001].map(own), 0.03);
    expect(alike.variance).toBeCloseTo((5 * 0.03 + 18 * 0.28) / (5 + 6 * 18), 6);
    expect(alike.df).toBeGreaterThan(20);
    expect(unlike.df).toBe(4);
  });

  it("lends what is assumed where nothing is known", () => {
    expect(poolExcess([], 0.03)).toEqual({ variance: 0.03, df: 5 });
  });
});
