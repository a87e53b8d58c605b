import { describe, expect, it } from "vitest";
import { hourMs } from "../../../src/model/clock.ts";
import { numberBin, type SignalBucket } from "../../../src/model/signal.ts";
import { compareCounts } from "../../../src/web/boards/signal.ts";
import { guessMeasure, measureCounts, toSeries } from "../../../src/web/boards/series.ts";

const bin = (value: number) => numberBin(value)!;
const bucket = (more: Partial<SignalBucket>): SignalBucket => ({
  workflow: "w",
  kind: "null_rate",
  field: "output.a",
  startMs: 0,
  counts: {},
  ...more,
});

describe("measureCounts()", () => {
  const cases = [
    {
      why: "counts every way of being empty",
      kind: "null_rate" as const,
      counts: { value: 6, null: 1, empty: 1, placeholder: 1, missing: 1 },
      measure: { unit: "share" as const, of: "" },
      want: 0.4,
    },
    {
      why: "takes the share of one value of a category",
      kind: "output_distribution" as const,
      counts: { "=a": 3, "=b": 1 },
      measure: { unit: "share" as const, of: "=a" },
      want: 0.75,
    },
    {
      why: "adds up delayed labels of every age",
      kind: "override_rate" as const,
      counts: { "yes@0": 1, "yes@3": 1, "no@0": 6 },
      measure: { unit: "share" as const, of: "" },
      want: 0.25,
    },
    {
      why: "answers null where nothing was seen",
      kind: "errors" as const,
      counts: {},
      measure: { unit: "share" as const, of: "" },
      want: null,
    },
    {
      why: "turns counts into runs an hour",
      kind: "volume" as const,
      counts: { run: 6 },
      measure: { unit: "runs/h" as const, of: "" },
      want: 3,
    },
  ];
  it.each(cases)("$why", ({ kind, counts, measure, want }) => {
    expect(measureCounts({ kind, counts: counts }, measure, 2 * hourMs)).toBe(want);
  });

  it("takes the median of numbers, within the width of a bin", () => {
    const counts = { [bin(10)]: 2, [bin(100)]: 1, [bin(1000)]: 2 };
    expect(measureCounts({ kind: "latency", counts }, { unit: "ms", of: "median" }, hourMs)).toBeCloseTo(
      100,
      -0.5,
    );
  });
});

describe("toSeries()", () => {
  it("puts each bucket at its step and leaves gaps where nothing was seen", () => {
    const buckets = [
      bucket({ startMs: hourMs, counts: { value: 1, null: 1 } }),
      bucket({ startMs: 3 * hourMs, counts: { value: 4 } }),
    ];
    const [series] = toSeries(buckets, { fromMs: 0, toMs: 4 * hourMs, stepMs: hourMs }, () => null);
    expect(series?.values).toEqual([null, 0.5, null, 0]);
    expect(series?.runs).toEqual([0, 2, 0, 4]);
    expect(series?.timesMs).toEqual([0, hourMs, 2 * hourMs, 3 * hourMs]);
  });

  it("shows silence as no runs, not as a gap", () => {
    const buckets = [bucket({ kind: "volume", field: "", counts: { run: 2 } })];
    const [series] = toSeries(buckets, { fromMs: 0, toMs: 2 * hourMs, stepMs: hourMs }, () => null);
    expect(series?.values).toEqual([2, 0]);
  });
});

describe("toSeries() of a key that the baseline never had", () => {
  it("shows the share of all runs in which it was there, and zero before", () => {
    const buckets = [
      bucket({ kind: "volume", field: "", counts: { run: 8 } }),
      bucket({ kind: "volume", field: "", startMs: hourMs, counts: { run: 8 } }),
      bucket({ kind: "type", startMs: hourMs, counts: { string: 5, null: 1 } }),
    ];
    const span = { fromMs: 0, toMs: 3 * hourMs, stepMs: hourMs };
    const lines = toSeries(buckets, span, ({ kind }) => (kind === "type" ? { unit: "share", of: "" } : null));
    const series = lines.find(({ signal }) => signal.kind === "type");
    expect(series?.values).toEqual([0, 0.75, null]);
    expect(series?.runs).toEqual([8, 8, 0]);
  });
});

describe("guessMeasure()", () => {
  it("speaks of the most frequent value of a category", () => {
    const signal = { workflow: "w", kind: "output_distribution" as const, field: "f" };
    expect(guessMeasure(signal, [{ counts: { "=a": 1, "=b": 5 } }])).toEqual({ unit: "share", of: "=b" });
  });
});

describe("compareCounts()", () => {
  it("puts values beside each other, largest first, as shares of their own sum", () => {
    expect(compareCounts({ "=a": 9, "=b": 1 }, { "=b": 4 })).toEqual([
      { label: "=b", bin: "=b", baselineShare: 0.1, currentShare: 1, current: 4 },
      { label: "=a", bin: "=a", baselineShare: 0.9, currentShare: 0, current: 0 },
    ]);
  });

  it("groups numbers into ranges that hold every observation once", () => {
    const counts = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [bin(index + 1), 1]));
    const rows = compareCounts(counts, counts);
    expect(rows.length).toBeLessThanOrEqual(9);
    expect(rows.reduce((sum, row) => sum + row.current, 0)).toBe(100);
    expect(rows.reduce((sum, row) => sum + row.baselineShare, 0)).toBeCloseTo(1);
  });

  it("names the unit of ranges of numbers", () => {
    const counts = { [bin(900)]: 1, [bin(1100)]: 1 };
    expect(compareCounts(counts, counts, "ms").map(({ label }) => label)).toEqual(["902 ms", "1.1 s"]);
  });

  it("folds what is past the first fourteen values", () => {
    const counts = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`=${index}`, 20 - index]));
    const rows = compareCounts(counts, {});
    expect(rows.at(-1)).toMatchObject({ label: "6 further values", bin: null });
    expect(rows).toHaveLength(15);
  });
});
