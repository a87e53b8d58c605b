import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../../bench/detection/checkpoint.ts";
import { median, poissonUpper, ratioOf } from "../../../bench/detection/statistics.ts";
import { type Row, statusOf } from "../../../bench/detection/table.ts";
import { epochMs } from "../../../bench/detection/life.ts";
import { simulate } from "../../../bench/detection/world.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";

describe("statistics", () => {
  // R 4.3: qchisq(0.95, 2 * (count + 1)) / 2
  it.each([
    { why: "nothing was seen", count: 0, upper: 2.995732 },
    { why: "one was seen", count: 1, upper: 4.743865 },
    { why: "five were seen", count: 5, upper: 10.513035 },
  ])("poissonUpper() bounds the mean where $why", ({ count, upper }) => {
    expect(poissonUpper(count)).toBeCloseTo(upper, 5);
  });

  it("ratioOf() has a bound at the ratio where all replications agree, and above it where they do not", () => {
    const even = ratioOf([
      { count: 1, days: 10 },
      { count: 2, days: 20 },
    ]);
    expect(even.upper).toBeCloseTo(even.ratio, 12);
    const uneven = ratioOf([
      { count: 0, days: 10 },
      { count: 3, days: 20 },
    ]);
    expect(uneven.ratio).toBeCloseTo(even.ratio, 12);
    expect(uneven.upper).toBeGreaterThan(uneven.ratio);
  });

  it("median() counts what was never noticed as later than all else", () => {
    expect(median([3, Infinity, 1])).toBe(3);
    expect(median([Infinity, Infinity, 1])).toBe(Infinity);
  });
});

describe("statusOf()", () => {
  const row: Row = { group: "", name: "", figure: 0, bar: 1, unit: "", basis: "" };
  it.each([
    { why: "a figure within its bar", row, status: "met" },
    { why: "a zero whose bound does not meet the bar", row: { ...row, upper: 6.7 }, status: "open" },
    { why: "a figure beyond its bar", row: { ...row, figure: 2, upper: 3 }, status: "missed" },
    { why: "a change that was never noticed", row: { ...row, figure: Infinity }, status: "missed" },
    { why: "a figure that could not be measured", row: { ...row, figure: null }, status: "absent" },
    { why: "a row without a bar", row: { ...row, bar: null }, status: "" },
  ])("says how $why stands", ({ row: given, status }) => {
    expect(statusOf(given)).toBe(status);
  });
});

describe("openCheckpoint()", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "evenkeel-checkpoint-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const order = { section: "quiet", unit: { seed: 1 } };

  it.each([
    { why: "the same sources, resumed", sources: "a", resume: true, known: true },
    { why: "other sources: the figures would be of two detectors", sources: "b", resume: true, known: false },
    { why: "a run that begins anew", sources: "a", resume: false, known: false },
  ])("keeps or forgets a result: $why", ({ sources, resume, known }) => {
    const path = join(folder, "units.jsonl");
    openCheckpoint(path, "a", false).keep(order, 7);
    appendFileSync(path, '{"order": {"section": "qui');
    const again = openCheckpoint(path, sources, resume);
    expect(again.known(order)).toEqual(known ? { result: 7 } : null);
  });
});

describe("Simulation.branch()", () => {
  const noonMs = epochMs + 12 * hourMs;
  const rateOf = (stream: number, atMs: number): number => {
    const buckets = simulate("real", 1_000_000, 3).branch(noonMs, stream).buckets(atMs, hourMs);
    const counts = buckets.find(({ field }) => field === "output.field3")?.counts ?? {};
    return (counts.empty ?? 0) / ((counts.empty ?? 0) + (counts.value ?? 0));
  };
  const streams = [10, 20, 30, 40, 50, 60, 70, 80];
  const spread = (atMs: number): number => {
    const rates = streams.map((stream) => rateOf(stream, atMs));
    return Math.max(...rates) - Math.min(...rates);
  };

  it("draws a future of its own, the same for the same stream", () => {
    expect(rateOf(10, noonMs)).toBe(rateOf(10, noonMs));
    expect(rateOf(10, noonMs)).not.toBe(rateOf(20, noonMs));
  });

  it("keeps what the day in which it was made is like, but not the days after", () => {
    expect(spread(noonMs)).toBeLessThan(spread(noonMs + dayMs) / 2);
  });
});
