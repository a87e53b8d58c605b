import { describe, expect, it } from "vitest";
import { simulate } from "../../../bench/detection/world.ts";
import { binIndex, coarseBucket, coarseCounts } from "../../../src/detectors/layout.ts";
import { startState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { hourMs } from "../../../src/model/clock.ts";
import { ListedBucket } from "../../../src/model/listed-bucket.ts";
import { numberBin, type SignalBucket } from "../../../src/model/signal.ts";
import { quietBaseline } from "../detectors/fixture.ts";

/** The same bucket as lists. Each bin is in them twice, as where two versions ran. */
function listed(bucket: SignalBucket): ListedBucket {
  const bins = Object.entries(bucket.counts).flatMap(([bin, n]) => [
    { bin, n: 1 },
    { bin, n: n - 1 },
  ]);
  const numbers = bins.filter(({ bin }) => bin.startsWith("#"));
  const words = bins.filter(({ bin }) => !bin.startsWith("#"));
  return new ListedBucket(bucket, bucket.startMs, {
    words: words.map(({ bin }) => bin),
    wordCounts: words.map(({ n }) => n),
    numbers: numbers.map(({ bin }) => Number(bin.slice(1))),
    numberCounts: numbers.map(({ n }) => n),
  });
}

const key = { workflow: "w", kind: "output_distribution", field: "output.x", startMs: 0 } as const;
const number = numberBin(19.99) ?? "";
const mixed: SignalBucket = {
  ...key,
  counts: { [number]: 3, "#0": 1, [numberBin(-5) ?? ""]: 2, "=blue": 5, empty: 4, other: 6 },
};

describe("ListedBucket", () => {
  it("has the counts of its lists", () => {
    expect({ ...listed(mixed).counts }).toEqual(mixed.counts);
  });

  it.each([
    {
      why: "a number",
      layout: {
        shape: "number",
        bins: ["up to 0", "up to 20", "above 20", "empty", "rare values"],
        edges: [0, 20],
      },
    },
    {
      why: "a category that has numbers among its values",
      layout: {
        shape: "category",
        bins: ["=blue", number, "rare values", "never seen before"],
        rare: ["#0"],
      },
    },
    { why: "a rate", layout: { shape: "rate", bins: ["no", "yes"] } },
  ] as const)("falls into the same coarse bins: $why", ({ layout }) => {
    const index = binIndex(structuredClone(layout) as never);
    const k = layout.bins.length;
    expect(coarseBucket(index, k, listed(mixed))).toEqual(coarseCounts(index, k, mixed.counts));
  });

  it("is judged as the bucket that it stands for", () => {
    const { baseline, endMs } = quietBaseline();
    const buckets = simulate("iid", 480, 7).buckets(endMs, hourMs);
    const options = { throughMs: endMs + hourMs, bucketMs: hourMs };
    const judge = (read: readonly SignalBucket[]) => step(baseline, startState(baseline), read, options);
    expect(judge(buckets.map(listed))).toEqual(judge(buckets));
    expect(buckets.some(({ counts }) => Object.keys(counts).some((bin) => bin.startsWith("#")))).toBe(true);
  });
});
