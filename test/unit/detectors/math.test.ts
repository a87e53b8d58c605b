import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { betaQuantile } from "../../../src/detectors/math/beta-quantile.ts";
import { binaryDivergence } from "../../../src/detectors/math/binary-divergence.ts";
import { logAdd } from "../../../src/detectors/math/log-add.ts";
import {
  addLog,
  clearLogSums,
  createLogSums,
  logOf,
  mixLogSums,
} from "../../../src/detectors/math/log-sums.ts";
import { logit } from "../../../src/detectors/math/logit.ts";
import { normalCdf } from "../../../src/detectors/math/normal-cdf.ts";
import { normalDensity } from "../../../src/detectors/math/normal-density.ts";
import { normalQuantile } from "../../../src/detectors/math/normal-quantile.ts";
import { tilt } from "../../../src/detectors/math/tilt.ts";
import { wilsonInterval } from "../../../src/model/wilson-interval.ts";
import { volumeEvidence } from "../../../src/detectors/volume.ts";

/** Made by fixtures/scipy-reference.py with SciPy 1.14.1. */
type Reference = Record<string, number[][]>;
const reference = JSON.parse(
  readFileSync(new URL("fixtures/scipy-reference.json", import.meta.url), "utf8"),
) as Reference;

/** Compares a function with SciPy: the last entry of each row is the expected value. */
function agrees(name: string, tolerance: number, of: (...args: number[]) => number): void {
  it(`${name}() agrees with SciPy`, () => {
    const rows = reference[name] ?? [];
    expect(rows.length).toBeGreaterThan(2);
    for (const row of rows) {
      const expected = row.at(-1) ?? NaN;
      const found = of(...row.slice(0, -1));
      expect(Math.abs(found - expected), row.join(" ")).toBeLessThanOrEqual(
        tolerance * Math.max(1e-3, Math.abs(expected)),
      );
    }
  });
}

describe("math", () => {
  agrees("betaQuantile", 1e-9, betaQuantile);
  agrees("normalQuantile", 1e-8, normalQuantile);
  agrees("normalCdf", 2e-4, normalCdf);
  agrees("normalDensity", 1e-12, normalDensity);
  agrees("logit", 1e-12, logit);
  agrees("logAdd", 1e-12, logAdd);
  agrees("logAdd", 1e-12, (a = 0, b = 0) => {
    const sums = createLogSums(1);
    clearLogSums(sums, 1);
    addLog(sums, 0, a);
    addLog(sums, 0, b);
    return logOf(sums, 0);
  });
  agrees("binaryDivergence", 1e-12, binaryDivergence);
  agrees("negativeBinomial", 1e-9, (count = 0, mean = 0, rho = 0, ratio = 1) =>
    volumeEvidence(count, mean, 0, Math.log(ratio), rho),
  );

  it("wilsonInterval() agrees with SciPy", () => {
    for (const [events = 0, n = 0, low = 0, high = 0] of reference.wilsonInterval ?? []) {
      const found = wilsonInterval(events / n, n, 1.959963984540054);
      expect(found.low).toBeCloseTo(low, 9);
      expect(found.high).toBeCloseTo(high, 9);
    }
    expect(wilsonInterval(0, 0, 1.96)).toEqual({ low: 0, high: 1 });
  });

  it("tilt() moves the log odds and undoes itself", () => {
    expect(logit(tilt(0.02, 0.7)) - logit(0.02)).toBeCloseTo(0.7, 12);
    expect(tilt(tilt(0.3, 1.1), -1.1)).toBeCloseTo(0.3, 12);
  });

  it("logAdd() takes minus infinity for zero", () => {
    expect(logAdd(-Infinity, 2)).toBe(2);
    expect(logAdd(-Infinity, -Infinity)).toBe(-Infinity);
  });

  it("mixLogSums() weighs sums of any size, and knows zero", () => {
    const sums = createLogSums(3);
    clearLogSums(sums, 3);
    expect(mixLogSums(sums, Float64Array.of(0, 0, 0))).toBe(-Infinity);
    addLog(sums, 0, 900);
    addLog(sums, 1, 902);
    addLog(sums, 1, 899);
    const [half, tenth] = [Math.log(0.5), Math.log(0.1)];
    const expected = logAdd(half + 900, tenth + logAdd(902, 899));
    expect(mixLogSums(sums, Float64Array.of(half, tenth, 0))).toBeCloseTo(expected, 12);
  });
});
