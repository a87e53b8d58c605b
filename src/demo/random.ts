/** Pseudo-random numbers of a fixed seed, so that every demo tells the same story. */
export interface Random {
  /** Uniform, from 0 up to and not including 1. */
  next(): number;
}

/** Mulberry32, 32 bits of state. Source: T. Ettinger, 2017, public domain. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** A number from the standard normal distribution (Box-Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Draws items in random order, each once before any comes again. */
export function createDeck<T>(items: readonly T[], random: Random): () => T {
  let order: T[] = [];
  return () => {
    if (order.length === 0) order = shuffled(items, random);
    const item = order.pop();
    if (item === undefined) throw new RangeError("Cannot draw from a deck without items");
    return item;
  };
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
