/**
 * Interval of a share from its score test; holds for small counts and for shares near 0 and 1.
 *
 * @param share What was seen, 0 to 1.
 * @param n Observations it rests on, need not be whole. With none the interval is 0 to 1.
 * @param z Standard errors on each side, 1.96 for 95 %.
 *
 * Source: E. B. Wilson, Probable inference, Journal of the American Statistical Association 22 (1927).
 */
export function wilsonInterval(share: number, n: number, z: number): { low: number; high: number } {
  if (n <= 0) return { low: 0, high: 1 };
  const weight = 1 + (z * z) / n;
  const middle = (share + (z * z) / (2 * n)) / weight;
  const half = (z / weight) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
