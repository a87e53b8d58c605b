/**
 * Distribution function of the standard normal, absolute error below 1.5e-7.
 *
 * Source: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 7.1.26.
 */
export function normalCdf(x: number): number {
  if (x < 0) return 1 - normalCdf(-x);
  const t = 1 / (1 + (0.3275911 * x) / Math.SQRT2);
  const series =
    ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return 1 - (series * Math.exp((-x * x) / 2)) / 2;
}
