import { describe, expect, it } from "vitest";
import { compareBatches } from "../../../src/detectors/compare.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { createRandom } from "../../../bench/detection/random.ts";

function batch(n: number, empty: number, seed: number): SignalBucket[] {
  const draws = createRandom(seed);
  const hits = draws.binomial(n, empty);
  const [a = 0, b = 0] = draws.multinomial(n, [0.6, 0.4]);
  const key = { workflow: "w", startMs: 0 };
  return [
    { ...key, kind: "null_rate", field: "output.vendor", counts: { value: n - hits, empty: hits } },
    { ...key, kind: "output_distribution", field: "output.category", counts: { "=a": a, "=b": b } },
    { ...key, kind: "volume", field: "", counts: { run: n } },
  ];
}

describe("compareBatches()", () => {
  it("finds a rate that rose and says by how much", () => {
    const verdicts = compareBatches(batch(300, 0.02, 1), batch(300, 0.3, 2));
    const found = verdicts.find(({ signal }) => signal.kind === "null_rate")?.verdict;
    expect(found).toMatchObject({ kind: "drift", direction: "up", unit: "share" });
    expect(verdicts.filter(({ verdict }) => verdict.kind === "drift")).toHaveLength(1);
  });

  it("raises at most one false alarm in two hundred comparisons of like batches, also of unequal sizes", () => {
    let alarms = 0;
    for (let seed = 0; seed < 200; seed++) {
      const verdicts = compareBatches(batch(60, 0.1, 2 * seed), batch(900, 0.1, 2 * seed + 1));
      if (verdicts.some(({ verdict }) => verdict.kind === "drift")) alarms += 1;
    }
    expect(alarms).toBeLessThanOrEqual(6);
  });

  it("says insufficient where a side is too small, and does not compare volume", () => {
    const verdicts = compareBatches(batch(300, 0.02, 1), batch(12, 0.5, 2));
    expect(verdicts.map(({ verdict }) => verdict.kind)).toEqual(["insufficient", "insufficient"]);
    expect(verdicts[0]?.verdict).toMatchObject({ runs: 12, runsMin: 30 });
  });

  it("has nothing to say about nothing", () => {
    expect(compareBatches([], [])).toEqual([]);
  });
});
