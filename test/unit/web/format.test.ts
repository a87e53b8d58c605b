import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatDuration,
  formatInterval,
  formatNow,
  formatRange,
  formatShare,
  significant,
} from "../../../src/web/format.ts";

describe("formatShare()", () => {
  it.each([
    [0, "0 %"],
    [0.0004, "< 0.1 %"],
    [0.0123, "1.2 %"],
    [0.456, "46 %"],
    [1, "100 %"],
  ])("%d is %s", (share, text) => expect(formatShare(share)).toBe(text));
});

describe("formatInterval()", () => {
  it.each([
    [0, 0.0004, "0 to 0.1 %"],
    [0.091, 0.16, "9.1 to 16 %"],
  ])("%d to %d is %s", (low, high, text) => expect(formatInterval({ low, high }, "share")).toBe(text));

  it("does not read milliseconds as seconds", () => {
    expect(formatInterval({ low: 840, high: 1200 }, "ms")).toBe("840 ms to 1.2 s");
  });
});

describe("formatNow()", () => {
  const figure = (value: number, low: number, high: number) => ({ value, low, high, runs: 40 });
  const shared = { kind: "stable" as const, evidence: 0, of: "", baseline: figure(20, 18, 22) };
  it.each([
    ["volume beside what is usual", "runs/h", figure(38.8, 30, 46), "1.94 times", "the usual (1.5 to 2.3)"],
    ["volume where next to none is usual", "runs/h", figure(1e6, 9e5, 1.1e6), "over 100 times", "the usual"],
    ["volume that stopped", "runs/h", figure(0, 0, 2), "0 times", "the usual (0 to 0.1)"],
    ["any other figure in its unit", "ms", figure(840, 800, 1200), "840 ms", "800 ms to 1.2 s"],
  ] as const)("tells %s", (_, unit, current, value, interval) => {
    expect(formatNow({ ...shared, unit, current })).toEqual({ value, interval });
  });
});

describe("formatRange()", () => {
  it.each([
    [840, 1200, "ms", "840 ms to 1.2 s"],
    [1200, 1500, "ms", "1.2 to 1.5 s"],
    [0.001, 0.02, "usd", "$0.001 to $0.02"],
    [12, 40, "tokens", "12 to 40 tokens"],
    [3.2, 13.7, "runs/h", "3.2 to 13.7 runs/h"],
    [1, 1, "characters", "1 character"],
    [-3, 12_500, "number", "-3 to 12,500"],
  ] as const)("%d to %d %s is %s", (low, high, unit, text) =>
    expect(formatRange(low, high, unit)).toBe(text),
  );
});

describe("formatDuration()", () => {
  it.each([
    [840, "840 ms"],
    [2100, "2.1 s"],
    [180_000, "3 min"],
    [5 * 3_600_000, "5 h"],
    [3 * 86_400_000, "3 days"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("formatAgo()", () => {
  it("tells what is past from what is to come", () => {
    expect([formatAgo(0, 60_000), formatAgo(60_000, 0), formatAgo(0, 100)]).toEqual([
      "1 min ago",
      "in 1 min",
      "just now",
    ]);
  });
});

describe("significant()", () => {
  it.each([
    [1234.5, "1,230"],
    [0.012345, "0.0123"],
    [1e20, "1.00e+20"],
  ])("%d is %s", (value, text) => expect(significant(value)).toBe(text));
});
