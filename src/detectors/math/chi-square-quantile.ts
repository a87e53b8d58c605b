import { gammaQuantile } from "./gamma-quantile.ts";

/** Quantile of the chi-square distribution with `df` degrees of freedom (above 0, need not be whole). */
export function chiSquareQuantile(probability: number, df: number): number {
  return 2 * gammaQuantile(probability, df / 2);
}
