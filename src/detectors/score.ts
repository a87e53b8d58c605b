import { dot } from "./math/dot.ts";

/** How far a score must move before it matters. */
export type Effect =
  /** Share of observations: the larger of an absolute change and one relative to the baseline. */
  | { relative: number; absolute: number }
  /** Standard deviations of the score in the baseline, at least an absolute change. */
  | { deviations: number; absolute?: number };

/** A score before its noise is known. */
export interface ScoreShape {
  of: string;
  /** *k* numbers, one per bin. */
  values: number[];
  /** Prior weight among the signal's scores. */
  weight: number;
  /** Alternatives, as tilts; the sign is the direction. */
  tilts: readonly number[];
  effect: Effect;
}

/** True if every value is 0 or 1: the score counts a share of the observations. */
export function isShare(values: readonly number[]): boolean {
  return values.every((value) => value === 0 || value === 1);
}

/** Mean of a score over *k* weights (counts, expectations or shares). 0 where the weights sum to 0. */
export function scoreMean(values: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  let all = 0;
  for (let k = 0; k < values.length; k++) {
    sum += (values[k] ?? 0) * (weights[k] ?? 0);
    all += weights[k] ?? 0;
  }
  return all > 0 ? sum / all : 0;
}

/** Variance of a score over *k* weights. */
export function scoreVariance(values: readonly number[], weights: readonly number[]): number {
  const mean = scoreMean(values, weights);
  return scoreMean(
    values.map((value) => (value - mean) ** 2),
    weights,
  );
}

/** Sum of a score over *k* counts. @param ones Of a share the bins that count: only these are read. */
export function scoreSum(
  ones: readonly number[] | null,
  values: readonly number[],
  counts: ArrayLike<number>,
): number {
  if (ones === null) return dot(values, counts);
  let sum = 0;
  for (let at = 0; at < ones.length; at++) sum += counts[ones[at] ?? 0] ?? 0;
  return sum;
}
