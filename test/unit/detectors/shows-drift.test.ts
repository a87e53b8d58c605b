import { describe, expect, it } from "vitest";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { showsDrift } from "../../../src/detectors/shows-drift.ts";
import { hourMs } from "../../../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../../../src/model/signal.ts";
import type { Drift } from "../../../src/model/verdict.ts";
import { drift, key } from "../incidents/build.ts";

const bin = (value: number) => numberBin(value)!;
const language = { "=en": 40, "=de": 9, empty: 1 };
const amounts = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [bin(100 + n), 1]));

function history(): SignalBucket[] {
  return Array.from({ length: 72 }, (_, hour) => [
    { ...key("output_distribution", "output.language"), startMs: hour * hourMs, counts: language },
    { ...key("output_distribution", "output.amount"), startMs: hour * hourMs, counts: amounts },
    { ...key("outcome", "paid"), startMs: hour * hourMs, counts: amounts },
    { ...key("errors"), startMs: hour * hourMs, counts: { yes: 2, no: 98 } },
  ]).flat();
}
const baseline = learnBaseline(history());
const shown = (kind: SignalKind, field: string, moved: Partial<Drift>, bins: readonly string[]) => {
  const shows = showsDrift(baseline, key(kind, field), drift(0, moved));
  return shows && bins.filter(shows);
};
const seen = ["=en", "=de", "=es", "empty"];
const numbers = [20, 120, 180, 260].map(bin);
const median = { value: 150, low: 145, high: 155, runs: 7200 };

describe("showsDrift()", () => {
  const cases: {
    why: string;
    field: string;
    moved: Partial<Drift>;
    bins: string[];
    shows: string[] | null;
  }[] = [
    {
      why: "values that are new",
      field: "language",
      moved: { of: "never seen before" },
      bins: seen,
      shows: ["=es"],
    },
    {
      why: "a value that came more often",
      field: "language",
      moved: { of: "=de" },
      bins: seen,
      shows: ["=de"],
    },
    {
      why: "the other values, where one came less often",
      field: "language",
      moved: { of: "=en", direction: "down" },
      bins: seen,
      shows: ["=de", "=es", "empty"],
    },
    {
      why: "numbers above the usual median",
      field: "amount",
      moved: { unit: "number", of: "median", baseline: median },
      bins: numbers,
      shows: [bin(180), bin(260)],
    },
    {
      why: "numbers below it",
      field: "amount",
      moved: { unit: "number", of: "median", baseline: median, direction: "down" },
      bins: [...numbers, "empty"],
      shows: [bin(20), bin(120)],
    },
    { why: "a tail", field: "amount", moved: { of: "above 200" }, bins: numbers, shows: [bin(260)] },
    {
      why: "what is no number",
      field: "amount",
      moved: { of: "no number" },
      bins: [...numbers, "=n/a", "empty"],
      shows: ["=n/a"],
    },
    {
      why: "no number more than another of a spread",
      field: "amount",
      moved: { of: "spread" },
      bins: numbers,
      shows: null,
    },
  ];
  it.each(cases)("shows $why", ({ field, moved, bins, shows }) => {
    expect(shown("output_distribution", `output.${field}`, moved, bins)).toEqual(shows);
  });

  it("shows an outcome that is a number", () => {
    const moved = { unit: "number", of: "median", baseline: median } as const;
    expect(shown("outcome", "paid", moved, numbers)).toEqual([bin(180), bin(260)]);
  });

  it("leaves rates and unknown signals to their own bins", () => {
    expect(shown("errors", "", {}, ["yes", "no"])).toBeNull();
    expect(shown("type", "output.fresh", {}, ["string"])).toBeNull();
  });
});
