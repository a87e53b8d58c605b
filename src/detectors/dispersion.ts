import type { SignalBaseline } from "./baseline.ts";
import type { Hour } from "./history.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { isShare, scoreMean, scoreVariance } from "./score.ts";

/**
 * How much more a score varies between days (or hours) than chance explains.
 *
 * Two means of n₁ and n₂ observations differ by v (1/n₁ + 1/n₂)(1 + ρ h) in variance, h their harmonic mean,
 * v the variance of one observation. For a share the noise is taken to act on the log odds with variance σ²,
 * so ρ = p (1 − p) σ²; for other scores ρ = σ². σ² is what signals share, so σ² is what is pooled.
 */
export interface Excess {
  /** Sum of estimates of σ², weighted by their worth, and the sum of worths (degrees of freedom). */
  sum: number;
  df: number;
  /** Pairs of groups large enough for a normal approximation, and those that differed most. */
  pairs: number;
  peaks: { zSquare: number; information: number }[];
}

/** σ² that is assumed before anything is known. */
export interface NoisePrior {
  day: number;
  hour: number;
}

/** Differences that are remembered, to see whether the noise has bursts. */
const peaksMax = 8;

/**
 * The factor from σ² to ρ. Noise is taken to act on the log odds of a rate: p (1 − p); on the logarithm of each share of a
 * category on its own: Σ p² (s − s̄)² / Σ p (s − s̄)², which is twice as much for one of two values as for one of many;
 * and on the mean of any other score as it is, as on what is counted over time: 1.
 */
export function noiseScale({ layout, shares }: SignalBaseline, values: readonly number[]): number {
  if (layout.shape === "category") {
    const mean = scoreMean(values, shares);
    const variance = scoreVariance(values, shares);
    const sum = values.reduce((all, value, k) => all + ((shares[k] ?? 0) * (value - mean)) ** 2, 0);
    return variance > 0 ? sum / variance : 0;
  }
  if (isCounted(layout) || !isShare(values)) return 1;
  const share = scoreMean(values, shares);
  return share * (1 - share);
}

/**
 * How much of a variance that the logarithm of every bin has of its own reaches one bin's share, which is little where the
 * bin is nearly all there is. With D_j such effects, the logarithm of share k moves by D_k − Σ p_j D_j once shares sum to 1.
 *
 * @param squares Σ p².
 */
export function reachOf(share: number, squares: number): number {
  return 1 - 2 * share + squares;
}

/** One group of observations: its size, and the sum of score residuals against the expectation. */
interface Residual {
  at: number;
  n: number;
  sum: number;
  hits: number;
}

/** Measures the excess between successive days, and between each hour and the rest of its day. */
export function measureExcess(
  baseline: SignalBaseline,
  values: readonly number[],
  history: readonly Hour[],
  expected: readonly (readonly number[])[],
  prior: NoisePrior,
): { day: Excess; hour: Excess } {
  const hours = history
    .map((entry, at) => residual(values, entry, expected[at] ?? baseline.shares))
    .filter(({ n }) => n > 0);
  const days = new Map<number, Residual>();
  for (const hour of hours) {
    const at = Math.floor(hour.at / 24);
    days.set(at, merge(days.get(at) ?? { at, n: 0, sum: 0, hits: 0 }, hour, 1));
  }
  const scale = noiseScale(baseline, values);
  const pair = pairwise(baseline, values, scale);
  const day: Excess = { sum: 0, df: 0, pairs: 0, peaks: [] };
  const hour: Excess = { sum: 0, df: 0, pairs: 0, peaks: [] };
  let before: Residual | null = null;
  for (const today of [...days.values()].sort((a, b) => a.at - b.at)) {
    if (before !== null) pair(before, today, prior.day, day);
    before = today;
  }
  for (const one of hours) {
    const today = days.get(Math.floor(one.at / 24));
    if (today !== undefined && today.n > one.n) pair(one, merge(today, one, -1), prior.hour, hour);
  }
  return { day, hour };
}

function residual(values: readonly number[], entry: Hour, shares: readonly number[]): Residual {
  const { hour, n, counts, exposure } = entry;
  if (exposure !== undefined) {
    const expected = dot(
      values,
      shares.map((share, k) => share * (exposure[k] ?? 0)),
    );
    return { at: hour, n: expected, sum: dot(values, counts) - expected, hits: 0 };
  }
  const hits = scoreMean(values, counts) * n;
  return { at: hour, n, sum: hits - n * scoreMean(values, shares), hits };
}

function merge(a: Residual, b: Residual, sign: 1 | -1): Residual {
  return { at: a.at, n: a.n + sign * b.n, sum: a.sum + sign * b.sum, hits: a.hits + sign * b.hits };
}

/** Adds what two groups say about σ², each pair with its own pooled share, so that level shifts do no harm. */
function pairwise(
  baseline: SignalBaseline,
  values: readonly number[],
  scale: number,
): (a: Residual, b: Residual, prior: number, to: Excess) => void {
  const counted = isCounted(baseline.layout);
  const share = !counted && isShare(values);
  const overall = counted ? 1 : Math.max(scoreVariance(values, baseline.shares), 1e-9);
  return (a, b, prior, to) => {
    const pooled = (a.hits + b.hits) / (a.n + b.n);
    const variance = share ? pooled * (1 - pooled) : overall;
    const difference = a.sum / a.n - b.sum / b.n;
    const zSquare = variance > 0 ? difference ** 2 / (variance * (1 / a.n + 1 / b.n)) : 0;
    const information = (scale * 2) / (1 / a.n + 1 / b.n);
    if (information <= 0) return;
    const worth = ((prior * information) / (1 + prior * information)) ** 2;
    to.sum += (worth * (zSquare - 1)) / information;
    to.df += worth;
    if (variance * Math.min(a.n, b.n) >= (share ? 4 : 8)) notePeak(to, zSquare, information);
  };
}

function notePeak(to: Excess, zSquare: number, information: number): void {
  to.pairs += 1;
  to.peaks.push({ zSquare, information });
  if (to.peaks.length <= peaksMax) return;
  to.peaks.sort((a, b) => b.zSquare - a.zSquare);
  to.peaks.length = peaksMax;
}
