import { emptyBins, namedValuesMax, newBin, noNumber, rareBin, tailOf } from "../../model/bin-names.ts";
import { binValue } from "../../model/signal.ts";
import { withoutAge } from "./counts.ts";

/** Counts by raw bin. */
export type Counts = Readonly<Record<string, number>>;

/** Whether what a figure speaks of can only be told from the bins that the baseline had. */
export function needsBaseline(of: string): boolean {
  return of === newBin || of === rareBin;
}

/**
 * Which raw bins a figure speaks of: one value, all above or up to a number, or all that the baseline never or rarely
 * had.
 *
 * @param of as the verdict names it. @param baseline needed by the last two; without it they are never met.
 */
export function measuredBins(of: string, baseline: Counts = {}): (bin: string) => boolean {
  const tail = tailOf(of);
  if (tail !== null) {
    return (bin) => {
      if (!bin.startsWith("#")) return false;
      // As the edge was: in three digits.
      const value = Number(binValue(withoutAge(bin)).toPrecision(3));
      return tail.side === "above" ? value > tail.edge : value <= tail.edge;
    };
  }
  if (of === noNumber) return (bin) => !bin.startsWith("#") && !emptyBins.has(bin);
  if (!needsBaseline(of) || Object.keys(baseline).length === 0) return (bin) => bin === of;
  const ranked = Object.keys(baseline).sort(
    (a, b) => (baseline[b] ?? 0) - (baseline[a] ?? 0) || (a < b ? -1 : 1),
  );
  const [known, named] = [new Set(ranked), new Set(ranked.slice(0, namedValuesMax))];
  return of === rareBin
    ? (bin) => known.has(bin) && !named.has(bin) && !emptyBins.has(bin)
    : (bin) => !known.has(bin) && !emptyBins.has(bin);
}
