/** The middle of a list, which may hold infinities. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The sum of a list. */
export function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** The 95 % upper bound of the mean of a Poisson count: the mean at which so few are seen once in twenty times. */
export function poissonUpper(count: number): number {
  let [low, high] = [count, 2 * count + 10];
  for (let round = 0; round < 60; round++) {
    const mean = (low + high) / 2;
    let term = Math.exp(-mean);
    let below = term;
    for (let k = 1; k <= count; k++) below += term *= mean / k;
    if (below > 0.05) low = mean;
    else high = mean;
  }
  return high;
}

/** The ratio of two sums and its 95 % upper bound, from independent replications (delta method). */
export function ratioOf(pairs: readonly { count: number; days: number }[]): { ratio: number; upper: number } {
  const days = sum(pairs.map((pair) => pair.days));
  const ratio = sum(pairs.map(({ count }) => count)) / days;
  const squares = sum(pairs.map((pair) => (pair.count - ratio * pair.days) ** 2));
  const n = pairs.length;
  return { ratio, upper: ratio + (1.645 * Math.sqrt((squares * n) / (n - 1))) / days };
}
