/** The bin of a category that was never seen in the baseline. */
export const newBin = "never seen before";
/** The bin of all categories too rare to watch one by one. */
export const rareBin = "rare values";
/** Raw bins that hold nothing: the empty values of a category, and the type of null. */
export const emptyBins: ReadonlySet<string> = new Set(["empty", "null"]);
/** What the share of values that are neither numbers nor empty is called. */
export const noNumber = "no number";

/** Values of a category that are watched one by one, the most frequent ones; the others are rare. */
export const namedValuesMax = 12;

/** What a tail of numbers speaks of: `above 1460`, `up to 12`; null for any other name. */
export function tailOf(of: string): { side: string; edge: number } | null {
  const [, side, edge] = /^(above|up to) (-?[\d.e+-]+)$/.exec(of) ?? [];
  return side === undefined ? null : { side, edge: Number(edge) };
}
