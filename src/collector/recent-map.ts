/** A map of bounded weight that forgets what was set longest ago. */
export interface RecentMap<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

/**
 * Creates a map that holds at least the last half of `weightMax` and at most all of it, in two generations: when the
 * younger is full, the older is forgotten. (Deleting the oldest key of a `Map` one by one costs more the fuller it is.)
 *
 * @param weigh weight of an entry; 1 each, so that `weightMax` is a number of entries, where it is left out.
 */
export function createRecentMap<V>(weightMax: number, weigh: (value: V) => number = () => 1): RecentMap<V> {
  let younger = new Map<string, V>();
  let older = new Map<string, V>();
  let weight = 0;
  return {
    get: (key) => younger.get(key) ?? older.get(key),
    set(key, value) {
      younger.set(key, value);
      weight += weigh(value);
      if (weight * 2 < weightMax) return;
      older = younger;
      younger = new Map();
      weight = 0;
    },
    delete(key) {
      younger.delete(key);
      older.delete(key);
    },
  };
}
