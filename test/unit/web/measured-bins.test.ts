import { describe, expect, it } from "vitest";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import { binValue, numberBin } from "../../../src/model/signal.ts";
import { spanBefore } from "../../../src/web/boards/counts.ts";
import { measureCounts } from "../../../src/web/boards/series.ts";

const bin = (value: number) => numberBin(value)!;
const numbers = (...values: number[]) => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[bin(value)] = (counts[bin(value)] ?? 0) + 1;
  return counts;
};
const share = (of: string, before?: Record<string, number>) => ({
  unit: "share" as const,
  of,
  ...(before === undefined ? {} : { before }),
});
const frequent = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`=${n}`, 100 - n]));

describe("measureCounts()", () => {
  const cases = [
    {
      why: "values that the baseline never had",
      measure: share("never seen before", { "=EUR": 90, "=USD": 10 }),
      counts: { "=EUR": 2, "=€": 6, "=USD": 1, empty: 1 },
      want: 0.6,
    },
    {
      why: "values that were rare in the baseline",
      measure: share("rare values", { ...frequent, "=rare": 1 }),
      counts: { "=0": 2, "=rare": 1, "=new": 1 },
      want: 0.25,
    },
    {
      why: "numbers above an edge",
      measure: share("above 1460"),
      counts: numbers(900, 1400, 1500, 3000),
      want: 0.5,
    },
    {
      why: "numbers up to an edge",
      measure: share("up to 20"),
      counts: { ...numbers(5, 300, 400), empty: 1 },
      want: 0.25,
    },
    {
      why: "what is no number",
      measure: share("no number"),
      counts: { ...numbers(5), "=n/a": 1, empty: 2 },
      want: 0.25,
    },
    { why: "one value", measure: share("=a"), counts: { "=a": 1, "=b": 3 }, want: 0.25 },
  ];
  it.each(cases)("shows the share of $why", ({ measure, counts, want }) => {
    expect(measureCounts({ kind: "output_distribution", counts }, measure, 60_000)).toBe(want);
  });

  it("takes the edge itself, as the sentence rounds it, for what is up to it", () => {
    const edge = Number(binValue(bin(1463)).toPrecision(3));
    const latency = { kind: "latency" as const, counts: numbers(1463) };
    expect(measureCounts(latency, share(`above ${edge}`), 1)).toBe(0);
    expect(measureCounts(latency, share(`up to ${edge}`), 1)).toBe(1);
  });

  it("shows a spread as the width that holds the middle 80 %, and none of a few numbers", () => {
    const measure = { unit: "number" as const, of: "spread" };
    const many = numbers(...Array.from({ length: 101 }, (_, n) => 100 + n));
    expect(measureCounts({ kind: "output_distribution", counts: many }, measure, 1)).toBeCloseTo(80, -1);
    expect(measureCounts({ kind: "output_distribution", counts: numbers(1, 50) }, measure, 1)).toBeNull();
  });
});

describe("spanBefore()", () => {
  const span = { fromMs: 0, toMs: 10 * dayMs };
  it.each([
    ["all of it where nothing drifts", null, span.toMs],
    ["all of it where the drift began later", 11 * dayMs, span.toMs],
    ["whole hours, since those are read", 9 * dayMs + 90 * minuteMs, 9 * dayMs + hourMs],
    ["whole milliseconds, which the store takes", dayMs + 0.335, dayMs],
    ["every minute of a short one", dayMs + 90 * minuteMs, dayMs + 90 * minuteMs],
  ])("is %s", (_, earliestMs, toMs) => {
    const onset = earliestMs === null ? null : { earliestMs };
    expect(spanBefore(span, onset)).toEqual({ fromMs: 0, toMs });
  });
});
