import betaincinv from "@stdlib/math-base-special-betaincinv";

/**
 * Quantile of the beta distribution.
 *
 * @param probability 0 to 1.
 * @param alpha First shape, above 0.
 * @param beta Second shape, above 0.
 *
 * Source: `@stdlib/math-base-special-betaincinv` (Boost's algorithm); checked against SciPy.
 */
export function betaQuantile(probability: number, alpha: number, beta: number): number {
  return betaincinv(probability, alpha, beta);
}
