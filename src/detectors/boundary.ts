import { betaQuantile } from "./math/beta-quantile.ts";
import { logit } from "./math/logit.ts";
import { normalCdf } from "./math/normal-cdf.ts";
import { type Effect, isShare, scoreMean, scoreVariance } from "./score.ts";

/** What the boundary of a score rests on. */
export interface BoundaryBasis {
  /** *k* scores and *k* baseline shares. */
  values: readonly number[];
  shares: readonly number[];
  /** Observations, days and hours in the baseline. */
  runs: number;
  days: number;
  hours: number;
  rhoDay: number;
  rhoHour: number;
  effect: Effect;
}

/**
 * How far the null is moved, as tilts of a score: to the end of what the baseline's own error allows, and at
 * least half of the smallest change that matters. null where nothing is left beyond (a share of 0 or 1).
 */
export function boundaries(basis: BoundaryBasis): { up: number | null; down: number | null } {
  const z = guard(basis.days);
  return isShare(basis.values) ? shareBoundaries(basis, z) : meanBoundaries(basis, z);
}

/**
 * Standard errors of the baseline to allow for.
 *
 * A baseline that is off by d needs about 21 v / d² runs to raise an alarm (v the variance of one run). Over a
 * horizon of use of `horizonDays` its error is therefore harmless up to 4.6 standard errors × √(baseline days /
 * horizon); what is left of the 3.3 that one baseline in two thousand exceeds must come from the boundary.
 */
export function guard(days: number): number {
  const horizonDays = 120;
  return Math.max(0, 3.3 - 4.6 * Math.sqrt(days / horizonDays));
}

/** How many times its binomial variance the mean of the whole baseline has. */
export function inflation({
  runs,
  days,
  hours,
  rhoDay,
  rhoHour,
}: Pick<BoundaryBasis, "runs" | "days" | "hours" | "rhoDay" | "rhoHour">): number {
  return 1 + (rhoDay * runs) / Math.max(days, 1) + (rhoHour * runs) / Math.max(hours, 1);
}

/**
 * The same for a rate over time, as logarithms of factors: its baseline holds `runs` events, whose number is taken for
 * Poisson with an inflated variance. Gamma quantiles are those of a beta distribution whose second shape is large.
 *
 * @param effect The smallest relative change that matters.
 */
export function rateBoundaries(
  basis: Pick<BoundaryBasis, "runs" | "days" | "hours" | "rhoDay" | "rhoHour">,
  effect: number,
): { up: number | null; down: number | null } {
  const tail = normalCdf(-guard(basis.days));
  const events = basis.runs / inflation(basis);
  const many = 1e6 * (events + 1);
  const factor = (probability: number): number =>
    (betaQuantile(probability, events + 0.5, many) * many) / Math.max(events, 0.5);
  const low = Math.min(1 - effect / 2, factor(tail));
  return { up: Math.log(Math.max(1 + effect / 2, factor(1 - tail))), down: low > 0 ? Math.log(low) : null };
}

function shareBoundaries(basis: BoundaryBasis, z: number): { up: number | null; down: number | null } {
  const share = scoreMean(basis.values, basis.shares);
  const factor = inflation(basis);
  const half = smallest(basis.effect, share, share * (1 - share)) / 2;
  const events = (share * basis.runs) / factor + 0.5;
  const others = ((1 - share) * basis.runs) / factor + 0.5;
  const tail = normalCdf(-z);
  const high = Math.max(share + half, betaQuantile(1 - tail, events, others));
  const low = Math.min(share - half, betaQuantile(tail, events, others));
  return {
    up: high < 1 ? logit(high) - logit(share) : null,
    down: low > 0 ? logit(low) - logit(share) : null,
  };
}

function meanBoundaries(basis: BoundaryBasis, z: number): { up: number | null; down: number | null } {
  const variance = scoreVariance(basis.values, basis.shares);
  if (variance <= 0) return { up: null, down: null };
  const error = z * Math.sqrt((variance * inflation(basis)) / basis.runs);
  const shift = Math.max(error, smallest(basis.effect, 0, variance) / 2);
  // A small tilt t moves the mean of a score by t times its variance.
  return { up: shift / variance, down: -shift / variance };
}

/** The smallest change that matters, in the unit of the score's mean. */
export function smallest(effect: Effect, share: number, variance = 1): number {
  if ("deviations" in effect) return Math.max(effect.absolute ?? 0, effect.deviations * Math.sqrt(variance));
  return Math.max(effect.absolute, effect.relative * share);
}
