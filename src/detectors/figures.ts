import { dayMs, hourMs } from "../model/clock.ts";
import { type Figure, type Unit, unitOfKind } from "../model/verdict.ts";
import type { Layout, Score, SignalBaseline } from "./baseline.ts";
import { labelsPerRun } from "./hazard.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { wilsonInterval } from "../model/wilson-interval.ts";
import { isShare, scoreMean, scoreVariance } from "./score.ts";
import type { Chunk } from "./state.ts";

const z95 = 1.96;

/** What the figures of a score are measured in, and what they speak of. */
export function unitOf(baseline: SignalBaseline, score: Score): { unit: Unit; of: string } {
  const { layout } = baseline;
  if (layout.shape === "volume") return { unit: "runs/h", of: "" };
  if (layout.shape !== "number") return { unit: "share", of: score.of };
  if (score.of === "median" || score.of === "spread")
    return { unit: unitOfKind[baseline.kind] ?? "number", of: score.of };
  return { unit: "share", of: tailName(layout, score) };
}

/** The baseline's figure of a score. */
export function baselineFigure(baseline: SignalBaseline, score: Score): Figure {
  const { runs, days, shares } = baseline;
  const chunk: Chunk = { atMs: 0, n: runs, hours: days * 24, x: shares.map((share) => share * runs) };
  if (baseline.layout.shape === "hazard") {
    const perRun = labelsPerRun(baseline.layout, shares);
    const all = perRun.reduce((sum, labels) => sum + labels, 0);
    const x = perRun.map((labels) => (labels / all) * runs);
    return figure(baseline, score, { ...chunk, x, e: x }, days);
  }
  if (baseline.layout.shape !== "volume") return figure(baseline, score, chunk, days);
  const expected = (shares[0] ?? 0) * days * 24;
  return figure(baseline, score, { ...chunk, n: expected, x: [expected] }, days);
}

/** The figure of a score over the counts of a chunk, with a 95 % interval that knows of noisy days. */
export function figure(baseline: SignalBaseline, score: Score, chunk: Chunk, days: number): Figure {
  const runs = baseline.layout.shape === "volume" ? (chunk.x[0] ?? 0) : chunk.n;
  const effective = effectiveRuns(baseline, score, chunk, days);
  if (baseline.layout.shape === "volume") return volumeFigure(baseline, chunk, effective);
  if (baseline.layout.shape === "hazard") {
    // As many runs as would have brought the labels that were expected.
    const usual = dot(score.values, labelsPerRun(baseline.layout, baseline.shares));
    const value = Math.min(1, usual * (1 + shiftOf(baseline, score, chunk).shift));
    const { low, high } = wilsonInterval(value, effective / usual, z95);
    return { value, low, high, runs: Math.round(observed(baseline, score, chunk) / usual) };
  }
  if (isShare(score.values)) {
    const value = scoreMean(score.values, chunk.x);
    const { low, high } = wilsonInterval(value, effective, z95);
    return { value, low, high, runs };
  }
  const quantile = (probability: number): number => binnedQuantile(baseline.layout, chunk.x, probability);
  const error = z95 / (2 * Math.sqrt(Math.max(effective, 1)));
  if (score.of === "median") {
    return { value: quantile(0.5), low: quantile(0.5 - error), high: quantile(0.5 + error), runs };
  }
  const width = quantile(0.9) - quantile(0.1);
  const relative = z95 * Math.sqrt(1 / Math.max(effective, 1));
  return { value: width, low: width * Math.max(0, 1 - relative), high: width * (1 + relative), runs };
}

/** Observations of a score in a chunk; of what is counted over time those that were expected. */
export function observed({ layout }: SignalBaseline, score: Score, { n, e }: Chunk): number {
  return layout.shape === "hazard" ? dot(score.values, e ?? []) : n;
}

/** Observations that independent ones would have to be to say as much. */
export function effectiveRuns(baseline: SignalBaseline, score: Score, chunk: Chunk, days: number): number {
  const { rhoDay, rhoHour } = score;
  const n = observed(baseline, score, chunk);
  return n / (1 + (rhoDay * n) / Math.max(days, 1) + (rhoHour * n) / Math.max(chunk.hours, 1));
}

/**
 * How far a score's mean moved from what was expected, in its own unit (relative for what is counted over time), and its
 * variance in the baseline.
 */
export function shiftOf(
  baseline: SignalBaseline,
  score: Score,
  chunk: Chunk,
): { shift: number; variance: number } {
  if (isCounted(baseline.layout)) {
    const n = observed(baseline, score, chunk);
    return { shift: n > 0 ? dot(score.values, chunk.x) / n - 1 : 0, variance: 1 };
  }
  const expected = chunk.e ?? baseline.shares;
  const shift = scoreMean(score.values, chunk.x) - scoreMean(score.values, expected);
  return { shift: chunk.n > 0 ? shift : 0, variance: scoreVariance(score.values, expected) };
}

/** Days that a span touches, at least one. */
export function daysIn(fromMs: number, toMs: number): number {
  return Math.max(1, (toMs - fromMs) / dayMs);
}

function volumeFigure(baseline: SignalBaseline, chunk: Chunk, effective: number): Figure {
  const perHour = (baseline.shares[0] ?? 0) * (chunk.n > 0 ? (chunk.x[0] ?? 0) / chunk.n : 1);
  const error =
    (z95 *
      (baseline.shares[0] ?? 0) *
      Math.sqrt(Math.max((chunk.x[0] ?? 0) / Math.max(chunk.n, 1e-9), 0.01))) /
    Math.sqrt(Math.max(effective, 0.1));
  return { value: perHour, low: Math.max(0, perHour - error), high: perHour + error, runs: chunk.x[0] ?? 0 };
}

function tailName(layout: Layout, score: Score): string {
  if (layout.shape !== "number") return score.of;
  const marked = score.values.map((value, k) => (value === 1 ? k : -1)).filter((k) => k >= 0);
  const [first, last] = [marked[0] ?? 0, marked.at(-1) ?? 0];
  if (score.of === "above" || score.of === "high") return `above ${short(layout.edges[first - 1])}`;
  if (score.of === "low") return `up to ${short(layout.edges[last])}`;
  return score.of;
}

function short(value: number | undefined): string {
  return value === undefined ? "" : String(Number(value.toPrecision(3)));
}

/** Quantile of binned numbers, linear within a bin. */
function binnedQuantile(layout: Layout, counts: readonly number[], probability: number): number {
  if (layout.shape !== "number") return 0;
  const numeric = layout.edges.length + 1;
  let all = 0;
  for (let k = 0; k < numeric; k++) all += counts[k] ?? 0;
  const target = Math.min(1, Math.max(0, probability)) * all;
  let below = 0;
  for (let k = 0; k < numeric; k++) {
    const n = counts[k] ?? 0;
    if (below + n >= target && n > 0) {
      const to = layout.edges[Math.min(k, layout.edges.length - 1)] ?? 0;
      const from = layout.edges[k - 1] ?? to;
      return from + ((to - from) * (target - below)) / n;
    }
    below += n;
  }
  return layout.edges.at(-1) ?? 0;
}

/** How far back the figure of what is current reaches, where there is enough in it. */
export const recentMs = 24 * hourMs;
