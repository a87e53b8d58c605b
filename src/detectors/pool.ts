import type { Excess } from "./dispersion.ts";

/** σ² as the signals of a class share it, and the degrees of freedom that this is worth to one of them. */
export interface Pool {
  variance: number;
  df: number;
}

/** Degrees of freedom that what is assumed before anything is known is worth. */
const priorDf = 5;
/**
 * How alike the signals of a class are, as degrees of freedom that what is known of the others is worth to one of them:
 * what is assumed, as if so many signals had said so; at least; and at most.
 */
const likeness = { df: 12, signals: 4, dfMin: 4, dfMax: 40 };

/**
 * Pools the signals of a class: their common σ², and what it is worth to one of them.
 *
 * It is worth little where the signals differ among each other by more than chance: for a scaled inverse χ² with d
 * degrees of freedom the variance of σ² / mean is about 2 / d.
 *
 * Source: G. K. Smyth, Linear models and empirical Bayes methods for assessing differential expression in microarray
 * experiments, Statistical Applications in Genetics and Molecular Biology 3 (2004).
 */
export function poolExcess(excesses: readonly Excess[], prior: number): Pool {
  const df = excesses.reduce((sum, excess) => sum + excess.df, 0);
  const sum = excesses.reduce((all, excess) => all + excess.sum, 0);
  const variance = Math.max(0, (priorDf * prior + sum) / (priorDf + df));
  return { variance, df: Math.min(likenessDf(excesses, variance, prior), priorDf + df) };
}

/** Degrees of freedom by how far the estimates of signals lie apart, beyond the 3 / df that chance explains. */
function likenessDf(excesses: readonly Excess[], variance: number, prior: number): number {
  const unit = Math.max(prior, variance);
  const usual = 2 / likeness.df;
  let spread = likeness.signals * usual;
  let signals = likeness.signals;
  for (const { sum, df } of excesses) {
    if (df <= 0) continue;
    const chance = 3 / df;
    const worth = (usual / (usual + chance)) ** 2;
    spread += worth * (((sum / df - variance) / unit) ** 2 - chance);
    signals += worth;
  }
  const relative = spread / signals;
  return relative <= 0 ? likeness.dfMax : Math.min(Math.max(2 / relative, likeness.dfMin), likeness.dfMax);
}

/** The σ² of one signal, from its own history and its class. */
export function estimateVariance(own: Excess, pool: Pool): number {
  const smooth = Math.max(0, (pool.df * pool.variance + own.sum) / (pool.df + own.df));
  return Math.max(smooth, burstVariance(own, smooth));
}

/**
 * The σ² to reckon with where noise is taken for normal: the estimate, raised so that a deviation which is
 * alarming for a normal distribution of this variance is as alarming for the t distribution of what is known.
 *
 * With ν degrees of freedom, L nats of evidence take t² = ν (e^(2L/(ν+1)) − 1) instead of 2 L. Pairs of
 * successive days overlap, so they are worth two thirds of their number.
 *
 * @param nats Evidence at which an alarm is raised.
 */
export function cautiousVariance(own: Excess, pool: Pool, nats: number): number {
  const df = pool.df + (2 / 3) * own.df;
  return (estimateVariance(own, pool) * df * Math.expm1((2 * nats) / (df + 1))) / (2 * nats);
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
