import type { Cause } from "../model/incident.ts";

/** Runs and hits by the value of one attribute; the store's `sliceCounts` answers it. */
export interface SliceCount {
  /** `version`, `model`, `source`, or `attributes.<name>`. */
  attribute: string;
  value: string;
  runs: number;
  hits: number;
}

/** A slice must carry this much of the shift to be named. */
const shareMin = 0.6;
/** A slice that is nearly all of the traffic explains nothing. */
const runShareMax = 0.9;
const runsMin = 5;
/** Standard errors by which a slice must differ, since many slices are looked at. */
const standardErrorsMin = 3;

/**
 * Finds the slice that explains most of a shift in a rate.
 *
 * For each value of each attribute it takes the change of that value's contribution to the overall rate
 * (`hits of the value / runs of all`), as a share of the whole change. That sees both a rate that moved inside
 * a slice and a slice that took over the traffic. Among slices that carry enough, the one that stands out most
 * from its share of the runs wins.
 *
 * @param before counts from before the onset.
 * @param after counts since the onset.
 * @returns null where no slice stands out.
 *
 * Source: R. Bhagwan et al., Adtributor: Revenue Debugging in Advertising Systems, NSDI 2014 (explanatory power).
 */
export function findSlice(before: readonly SliceCount[], after: readonly SliceCount[]): Cause["slice"] {
  let best: { slice: NonNullable<Cause["slice"]>; distinction: number } | null = null;
  for (const attribute of new Set(after.map((count) => count.attribute))) {
    const was = byValue(before, attribute);
    const is = byValue(after, attribute);
    const wasAll = sum(was.values());
    const isAll = sum(is.values());
    if (isAll.runs === 0) continue;
    const shift = isAll.hits / isAll.runs - rate(wasAll.hits, wasAll.runs);
    if (shift === 0) continue;
    for (const [value, count] of is) {
      const had = was.get(value) ?? { runs: 0, hits: 0 };
      const moved = count.hits / isAll.runs - rate(had.hits, wasAll.runs);
      const share = Math.min(1, moved / shift);
      const runShare = Math.max(count.runs / isAll.runs, rate(had.runs, wasAll.runs));
      if (share < shareMin || runShare > runShareMax || count.runs < runsMin) continue;
      const rest = { runs: isAll.runs - count.runs, hits: isAll.hits - count.hits };
      const ownRate = standardErrors(count.hits, count.runs, rest.hits, rest.runs);
      const ownTraffic = standardErrors(count.runs, isAll.runs, had.runs, wasAll.runs);
      if (Math.max(ownRate, ownTraffic) < standardErrorsMin) continue;
      const distinction = share - runShare;
      if (distinction > 0.2 && (best === null || distinction > best.distinction))
        best = { slice: { attribute, value, share, runs: count.runs }, distinction };
    }
  }
  return best?.slice ?? null;
}

function byValue(
  counts: readonly SliceCount[],
  attribute: string,
): Map<string, { runs: number; hits: number }> {
  const values = new Map<string, { runs: number; hits: number }>();
  for (const count of counts) {
    if (count.attribute !== attribute) continue;
    const known = values.get(count.value) ?? { runs: 0, hits: 0 };
    values.set(count.value, { runs: known.runs + count.runs, hits: known.hits + count.hits });
  }
  return values;
}

function sum(counts: Iterable<{ runs: number; hits: number }>): { runs: number; hits: number } {
  const all = { runs: 0, hits: 0 };
  for (const count of counts) {
    all.runs += count.runs;
    all.hits += count.hits;
  }
  return all;
}

function rate(hits: number, runs: number): number {
  return runs === 0 ? 0 : hits / runs;
}

/** How many standard errors two shares lie apart (pooled two-proportion z, without sign). */
function standardErrors(hits: number, runs: number, otherHits: number, otherRuns: number): number {
  const pooled = rate(hits + otherHits, runs + otherRuns);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / runs + 1 / otherRuns));
  return error > 0 ? Math.abs(rate(hits, runs) - rate(otherHits, otherRuns)) / error : 0;
}
