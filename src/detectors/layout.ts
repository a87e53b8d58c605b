import { newBin, rareBin } from "../model/bin-names.ts";
import { numberBinValue, type SignalBucket } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";

/** True for what is counted over time, whatever its observations may be: its shares are rates, not parts of 1. */
export function isCounted({ shape }: Layout): boolean {
  return shape === "volume" || shape === "hazard";
}

/** Maps a raw bin to its coarse bin. A number bin may come without its "#", as a number. */
export type BinIndex = (bin: string | number) => number;

/** Compiles a layout into a function from raw bin to the index of the coarse bin. */
export function binIndex(layout: Layout): BinIndex {
  const byName = new Map(layout.bins.map((bin, index) => [bin, index]));
  switch (layout.shape) {
    case "rate":
      return (bin) => byName.get(rateBin(nameOf(bin))) ?? 0;
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

/** The same for the counts of a bucket, however they were read. */
export function coarseBucket(index: BinIndex, k: number, bucket: SignalBucket): number[] {
  const { listed } = bucket;
  if (listed === undefined) return coarseCounts(index, k, bucket.counts);
  const coarse = new Array<number>(k).fill(0);
  addListed(coarse, index, listed.words, listed.wordCounts);
  addListed(coarse, index, listed.numbers, listed.numberCounts);
  return coarse;
}

function addListed(
  coarse: number[],
  index: BinIndex,
  bins: readonly (string | number)[],
  counts: readonly number[],
): void {
  for (let at = 0; at < bins.length; at++) {
    const to = index(bins[at] ?? "");
    coarse[to] = (coarse[to] ?? 0) + (counts[at] ?? 0);
  }
}

/** A raw bin as it is spelled. */
function nameOf(bin: string | number): string {
  return typeof bin === "number" ? `#${bin}` : bin;
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
  return (bin) => all.get(nameOf(bin)) ?? newAt;
}

/** Numbers at or below `edges[i]` and above the edge before fall into bin i; other values come after them. */
function numberIndex(byName: Map<string, number>, edges: readonly number[]): BinIndex {
  const otherAt = byName.get(rareBin) ?? edges.length;
  return (bin) => {
    if (typeof bin === "string" && !bin.startsWith("#")) return byName.get(bin) ?? otherAt;
    const value = numberBinValue(typeof bin === "number" ? bin : Number(bin.slice(1)));
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
