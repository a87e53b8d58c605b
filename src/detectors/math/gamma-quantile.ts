import gammaincinv from "@stdlib/math-base-special-gammaincinv";

/**
 * Quantile of the gamma distribution with scale 1.
 *
 * @param probability 0 to 1, exclusive.
 * @param shape Above 0.
 *
 * Source: `@stdlib/math-base-special-gammaincinv` (Cephes); checked against SciPy.
 */
export function gammaQuantile(probability: number, shape: number): number {
  return gammaincinv(probability, shape);
}
