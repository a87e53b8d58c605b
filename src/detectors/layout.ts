import { binValue } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";

/** The bin of a category that was never seen in the baseline. */
export const newBin = "never seen before";
/** Raw bins that hold nothing: the empty values of a category, and the type of null. */
export const emptyBins: ReadonlySet<string> = new Set(["empty", "null"]);
/** The bin of all categories too rare to watch one by one. */
export const rareBin = "rare values";

/** True for what is counted over time, whatever its observations may be: its shares are rates, not parts of 1. */
export function isCounted({ shape }: Layout): boolean {
  return shape === "volume" || shape === "hazard";
}

/** Maps a raw bin to its coarse bin. */
export type BinIndex = (bin: string) => number;

/** Compiles a layout into a function from raw bin to the index of the coarse bin. */
export function binIndex(layout: Layout): BinIndex {
  const byName = new Map(layout.bins.map((bin, index) => [bin, index]));
  switch (layout.shape) {
    case "rate":
      return (bin) => byName.get(rateBin(bin)) ?? 0;
    case "category":
      return categoryIndex(byName, layout.rare);
    case "number":
      return numberIndex(byName, layout.edges);
    case "volume":
    case "hazard":
      return () => 0;
  }
}

/** Sums raw counts into *k* coarse bins. */
export function coarseCounts(index: BinIndex, k: number, counts: Record<string, number>): number[] {
  const coarse = new Array<number>(k).fill(0);
  for (const bin in counts) {
    const at = index(bin);
    coarse[at] = (coarse[at] ?? 0) + (counts[bin] ?? 0);
  }
  return coarse;
}

/** Strips the age from the bin of a delayed label: `yes@3` is `yes`. */
function rateBin(bin: string): string {
  const at = bin.indexOf("@");
  return at < 0 ? bin : bin.slice(0, at);
}

function categoryIndex(byName: Map<string, number>, rare: readonly string[]): BinIndex {
  const rareAt = byName.get(rareBin) ?? 0;
  const newAt = byName.get(newBin) ?? rareAt;
  const all = new Map(byName);
  for (const bin of rare) all.set(bin, rareAt);
  return (bin) => all.get(bin) ?? newAt;
}

/** Numbers at or below `edges[i]` and above the edge before fall into bin i; other values come after them. */
function numberIndex(byName: Map<string, number>, edges: readonly number[]): BinIndex {
  const otherAt = byName.get(rareBin) ?? edges.length;
  return (bin) => {
    if (!bin.startsWith("#")) return byName.get(bin) ?? otherAt;
    const value = binValue(bin);
    let low = 0;
    let high = edges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (value <= (edges[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
