import type { Layout } from "./baseline.ts";
import { newBin, rareBin } from "./layout.ts";
import type { ScoreShape } from "./score.ts";

const categoriesMax = 12;
const rareNamesMax = 200;

/**
 * The layout of a category: the 12 most frequent values on their own, the others as "rare", and a bin for
 * values that the baseline never saw. Free text (a fifth of the observations were seen once) is not a
 * category: it keeps two bins, empty and the rest.
 *
 * @param counts Observations by raw bin over the baseline.
 */
export function categoryLayout(counts: ReadonlyMap<string, number>): Layout {
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const runs = ranked.reduce((sum, [, n]) => sum + n, 0);
  const newShare = singletons(counts) / Math.max(runs, 1);
  if (newShare > 0.2) return { shape: "category", bins: [rareBin, "empty"], rare: [] };
  const top = ranked.slice(0, categoriesMax).map(([bin]) => bin);
  const rest = ranked.slice(categoriesMax).map(([bin]) => bin);
  // Where new values keep coming, "never seen" is as ordinary as "rare", and the two cannot be told apart.
  const apart = newShare <= 0.02 && rest.length <= rareNamesMax;
  return {
    shape: "category",
    bins: apart ? [...top, rareBin, newBin] : [...top, rareBin],
    rare: apart ? rest : [],
  };
}

/** Observations of values that were seen exactly once. By Good and Turing, over n the share of new values. */
export function singletons(counts: ReadonlyMap<string, number>): number {
  let ones = 0;
  for (const n of counts.values()) if (n === 1) ones += 1;
  return ones;
}

/** One score for each bin against the rest. */
export function categoryScores(layout: Layout): ScoreShape[] {
  return layout.bins.map((of, at) => ({
    of,
    values: layout.bins.map((_, k) => (k === at ? 1 : 0)),
    weight: 1,
    tilts: [0.5, 1.2, 2.5, -0.5, -1.2],
    effect: of === newBin ? { relative: 0.25, absolute: 0.005 } : { deviations: 0.06, absolute: 0.02 },
  }));
}
