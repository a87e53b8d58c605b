import type { Layout } from "./baseline.ts";
import type { ScoreShape } from "./score.ts";

/** The layout of volume: one bin, whose expected count per hour takes the place of a share. */
export const volumeLayout: Layout = { shape: "volume", bins: ["run"] };

/** One score; its tilts are logarithms of the factors 1.2, 1.5, 2, 3 and .85, .67, .4, .1, .01. */
export const volumeScore: ScoreShape = {
  of: "",
  values: [1],
  weight: 1,
  tilts: [1.2, 1.5, 2, 3, 0.85, 0.67, 0.4, 0.1, 0.01].map(Math.log),
  effect: { relative: 0.2, absolute: 0 },
};

/**
 * Logarithm of the likelihood ratio of `tilt` against `bound` for a count with a gamma distributed rate
 * (negative binomial); Poisson where `rho` is 0.
 *
 * Its expectation under the bound is 1, so sums of it are evidence without further damping. Unlike a damped
 * Poisson ratio it keeps growing with a long silence.
 *
 * @param count Runs seen.
 * @param expected Runs expected by the baseline.
 * @param bound Logarithm of the factor by which the null may differ from the expectation.
 * @param tilt Logarithm of the alternative's factor, relative to the bound.
 * @param rho Variance of the rate, relative to its square.
 */
export function volumeEvidence(
  count: number,
  expected: number,
  bound: number,
  tilt: number,
  rho: number,
): number {
  const mean = expected * Math.exp(bound);
  const factor = Math.exp(tilt);
  if (rho < 1e-9) return count * tilt - mean * (factor - 1);
  return count * tilt - (count + 1 / rho) * Math.log((1 + rho * mean * factor) / (1 + rho * mean));
}
