/** Repeatable random numbers (Mulberry32; T. Ettinger, 2017, public domain). */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  pick<T>(values: readonly T[]): T;
  /** By weight. */
  draw<T>(weights: readonly (readonly [T, number])[]): T;
  /** Uniform between two numbers. */
  between(low: number, high: number): number;
  /** Counts of events at a mean rate. */
  poisson(mean: number): number;
}

/** Starts a stream of random numbers. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    pick: (values) => values[Math.floor(next() * values.length)]!,
    draw(weights) {
      let left = next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of weights) {
        left -= weight;
        if (left < 0) return value;
      }
      return weights[0]![0];
    },
    between: (low, high) => low + (high - low) * next(),
    poisson(mean) {
      let count = 0;
      for (let product = next(); product > Math.exp(-mean); product *= next()) count += 1;
      return count;
    },
  };
}
