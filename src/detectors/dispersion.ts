import { hourMs } from "../model/clock.ts";
import type { SignalBaseline } from "./baseline.ts";
import type { Hour } from "./history.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { isShare, scoreMean, scoreVariance } from "./score.ts";
import { expectedShares } from "./strata.ts";

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

/** σ² as the signals of a class share it, and the degrees of freedom that this is worth to one of them. */
export interface Pool {
  variance: number;
  df: number;
}

/** σ² that is assumed before anything is known, worth `priorDf` degrees of freedom. */
export interface NoisePrior {
  day: number;
  hour: number;
}

const priorDf = 5;
/** Differences that are remembered, to see whether the noise has bursts. */
const peaksMax = 8;
/** What a signal takes over from the others is worth at most this many degrees of freedom. */
const pooledDfMax = 12;

/** The factor from σ² to ρ: p (1 − p) for a share, 1 for other scores and for what is counted over time. */
export function noiseScale(baseline: SignalBaseline, values: readonly number[]): number {
  if (isCounted(baseline.layout) || !isShare(values)) return 1;
  const share = scoreMean(values, baseline.shares);
  return share * (1 - share);
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
  prior: NoisePrior,
): { day: Excess; hour: Excess } {
  const hours = history.map((entry) => residual(baseline, values, entry)).filter(({ n }) => n > 0);
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

function residual(baseline: SignalBaseline, values: readonly number[], entry: Hour): Residual {
  const { hour, n, counts, exposure } = entry;
  const shares = expectedShares(baseline, hour * hourMs);
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

/** Pools the signals of a class: their common σ², and what it is worth to one of them. */
export function poolExcess(excesses: readonly Excess[], prior: number): Pool {
  const df = excesses.reduce((sum, excess) => sum + excess.df, 0);
  const sum = excesses.reduce((all, excess) => all + excess.sum, 0);
  return {
    variance: Math.max(0, (priorDf * prior + sum) / (priorDf + df)),
    df: Math.min(pooledDfMax, priorDf + df),
  };
}

/**
 * The σ² to reckon with for one signal: its own and the pooled estimate, raised so that a deviation which is
 * alarming for a normal distribution of this variance is as alarming for the t distribution of what is known.
 *
 * With ν degrees of freedom, L nats of evidence take t² = ν (e^(2L/(ν+1)) − 1) instead of 2 L. Pairs of
 * successive days overlap, so they are worth two thirds of their number.
 *
 * @param nats Evidence at which an alarm is raised.
 */
export function cautiousVariance(own: Excess, pool: Pool, nats: number): number {
  const smooth = Math.max(0, (pool.df * pool.variance + own.sum) / (pool.df + own.df));
  const estimate = Math.max(smooth, burstVariance(own, smooth));
  const df = pool.df + (2 / 3) * own.df;
  return (estimate * df * Math.expm1((2 * nats) / (df + 1))) / (2 * nats);
}

/**
 * The least σ² that noise with bursts calls for, such as batches of like runs; 0 where there are none.
 *
 * N normal pairs reach about z² = 2 ln 2N. Where the largest difference of the history exceeds that by three
 * tenths the tail is heavy, and still larger ones are to come: it must then look half as surprising.
 */
function burstVariance({ pairs, peaks }: Excess, variance: number): number {
  const usual = 2.6 * Math.log(2 * Math.max(pairs, 1));
  const bursts = peaks.filter(({ zSquare, information }) => zSquare > usual * (1 + variance * information));
  return Math.max(0, ...bursts.map(({ zSquare, information }) => ((2 * zSquare) / usual - 1) / information));
}
