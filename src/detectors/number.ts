import { noNumber, rareBin } from "../model/bin-names.ts";
import { binValue } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";
import { normalDensity } from "./math/normal-density.ts";
import { normalQuantile } from "./math/normal-quantile.ts";
import { scoreMean, scoreVariance, type ScoreShape } from "./score.ts";

const quantiles = [0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1];

/**
 * The layout of a number: bins between the baseline's quantiles and one beyond its maximum. Values that are
 * no numbers come after them: empty, and anything else.
 *
 * @param counts Observations by raw bin over the baseline.
 */
export function numberLayout(counts: ReadonlyMap<string, number>): Layout {
  const sorted = [...counts]
    .filter(([bin]) => bin.startsWith("#"))
    .map(([bin, n]) => ({ value: binValue(bin), n }))
    .sort((a, b) => a.value - b.value);
  const edges = quantileEdges(sorted);
  const named = edges.map((edge) => `up to ${edge}`);
  const beyond = `above ${edges.at(-1) ?? 0}`;
  return { shape: "number", bins: [...named, beyond, "empty", rareBin], edges };
}

function quantileEdges(sorted: readonly { value: number; n: number }[]): number[] {
  const n = sorted.reduce((sum, entry) => sum + entry.n, 0);
  const edges: number[] = [];
  let below = 0;
  let next = 0;
  for (const entry of sorted) {
    below += entry.n;
    if (below < (quantiles[next] ?? 1) * n) continue;
    edges.push(entry.value);
    while (next < quantiles.length - 1 && below >= (quantiles[next] ?? 1) * n) next += 1;
  }
  return edges;
}

/**
 * Scores of a number: the normal score (location), its centred square (scale), both tails, and the shares of
 * values that are no numbers.
 *
 * @param shares *k* baseline shares of the layout's bins.
 */
export function numberScores(layout: Layout, shares: readonly number[]): ScoreShape[] {
  if (layout.shape !== "number") return [];
  const numeric = layout.edges.length + 1;
  const location = standardised(normalScores(shares, numeric), shares, numeric);
  const scale = standardised(
    location.map((value) => value * value),
    shares,
    numeric,
  );
  const shareOf = (of: string, hit: (k: number, below: number) => boolean): ScoreShape => ({
    of,
    values: marked(shares, numeric, hit),
    weight: 0.06,
    tilts: [0.5, 1.2, 2.5],
    effect: { relative: 0.25, absolute: 0.005 },
  });
  return [
    { of: "median", values: location, weight: 0.5, tilts: bothWays([0.2, 0.45, 1]), effect: tenth },
    { of: "spread", values: scale, weight: 0.2, tilts: bothWays([0.1, 0.25]), effect: tenth },
    shareOf("above", (k) => k === numeric - 1),
    shareOf("high", (k, below) => k < numeric && below >= 0.945),
    shareOf("low", (k, below) => k < numeric && below + (shares[k] ?? 0) <= 0.055),
    shareOf("empty", (k) => k === numeric),
    shareOf(noNumber, (k) => k === numeric + 1),
  ].filter(({ values }) => values.some((value) => value !== values[0]));
}

const tenth = { deviations: 0.1 };

function bothWays(tilts: readonly number[]): number[] {
  return [...tilts, ...tilts.map((tilt) => -tilt)];
}

/** 1 where `hit` holds for the bin and the share of numbers below it, 0 elsewhere. */
function marked(
  shares: readonly number[],
  numeric: number,
  hit: (k: number, below: number) => boolean,
): number[] {
  const numbers = shares.slice(0, numeric).reduce((sum, share) => sum + share, 0);
  let below = 0;
  return shares.map((share, k) => {
    const one = hit(k, below / numbers);
    if (k < numeric) below += share;
    return one ? 1 : 0;
  });
}

/** Mean of the standard normal within each bin's slice of probability. 0 for values that are no numbers. */
function normalScores(shares: readonly number[], numeric: number): number[] {
  const numbers = shares.slice(0, numeric).reduce((sum, share) => sum + share, 0);
  let below = 0;
  return shares.map((share, k) => {
    if (k >= numeric) return 0;
    const from = normalQuantile(below / numbers);
    below += share;
    const to = k === numeric - 1 ? Infinity : normalQuantile(Math.min(1, below / numbers));
    return ((normalDensity(from) - normalDensity(to)) * numbers) / share;
  });
}

/** Shifts and scales a score to mean 0 and variance 1 over the numbers; other values stay at 0. */
function standardised(values: readonly number[], shares: readonly number[], numeric: number): number[] {
  const numbers = shares.map((share, k) => (k < numeric ? share : 0));
  const mean = scoreMean(values, numbers);
  const deviation = Math.sqrt(scoreVariance(values, numbers)) || 1;
  return values.map((value, k) => (k < numeric ? (value - mean) / deviation : 0));
}
