import { namedValuesMax, newBin, rareBin } from "../model/bin-names.ts";
import type { Layout } from "./baseline.ts";
import type { ScoreShape } from "./score.ts";

const rareNamesMax = 200;

/**
 * The layout of a category: the 12 most frequent values on their own, the others as "rare", and a bin for
 * values that the baseline never saw. Free text (a fifth of the observations were seen once) is not a
 * category: it keeps two bins, empty and the rest. Emptiness has a bin of its own also where the baseline never saw
 * it: it is neither rare nor a new value.
 *
 * @param counts Observations by raw bin over the baseline.
 * @param emptyBin The raw bin of emptiness.
 */
export function categoryLayout(counts: ReadonlyMap<string, number>, emptyBin: "empty" | "null"): Layout {
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const runs = ranked.reduce((sum, [, n]) => sum + n, 0);
  const newShare = singletons(counts) / Math.max(runs, 1);
  if (newShare > 0.2) return { shape: "category", bins: [rareBin, emptyBin], rare: [] };
  const top = ranked.slice(0, namedValuesMax).map(([bin]) => bin);
  if (!top.includes(emptyBin)) top.push(emptyBin);
  const rest = ranked.slice(namedValuesMax).flatMap(([bin]) => (bin === emptyBin ? [] : [bin]));
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

/** Categories among which every exchange has a score of its own, and what it weighs beside a share. */
const exchangedMax = 3;
const exchangeWeight = 2;

/**
 * One score for each bin against the rest, and one for each pair of the most frequent bins: one category taken
 * for another is what goes wrong most often, and its two sides together are noticed in half the time.
 */
export function categoryScores(layout: Layout): ScoreShape[] {
  const shares = layout.bins.map(
    (of, at): ScoreShape => ({
      of,
      values: layout.bins.map((_, k) => (k === at ? 1 : 0)),
      weight: 1,
      tilts: [0.5, 1.2, 2.5, -0.5, -1.2],
      effect: of === newBin ? { relative: 0.25, absolute: 0.005 } : { deviations: 0.05, absolute: 0.02 },
    }),
  );
  const named = layout.bins.filter((bin) => bin !== newBin && bin !== rareBin).slice(0, exchangedMax);
  const exchanges = named.flatMap((gains, first) =>
    named.slice(first + 1).map(
      (loses): ScoreShape => ({
        of: `${gains} for ${loses}`,
        values: layout.bins.map((bin) => (bin === gains ? 1 : bin === loses ? -1 : 0)),
        weight: exchangeWeight,
        tilts: [0.3, 0.75, -0.3, -0.75],
        effect: { deviations: 0.05, absolute: 0.02 },
      }),
    ),
  );
  return named.length < 3 ? shares : [...shares, ...exchanges];
}
