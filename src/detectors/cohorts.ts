import { dayMs, hourMs } from "../model/clock.ts";

/** Days after its run beyond which a delayed label is not watched. */
export const labelDaysMax = 31;

/** How many runs came in each hour: the runs that delayed labels are still to come of. */
export interface Cohorts {
  /** Start of the first hour: of runs before it nothing is known. */
  fromMs: number;
  /** Runs by hour, without the hours at the end that brought none. */
  runs: number[];
}

/** Adds the runs of a bucket. Hours that no label can speak of any more are dropped. */
export function addRuns({ fromMs, runs }: Cohorts, atMs: number, n: number): Cohorts {
  const at = Math.floor((atMs - fromMs) / hourMs);
  if (at < 0) return { fromMs, runs };
  const longer = [...runs];
  while (longer.length <= at) longer.push(0);
  longer[at] = (longer[at] ?? 0) + n;
  const hoursMax = (labelDaysMax + 2) * 24;
  const old = Math.max(0, longer.length - hoursMax);
  return { fromMs: fromMs + old * hourMs, runs: longer.slice(old) };
}

/**
 * The greatest age in whole days of which every run is known at a time; -1 where not even the youngest are. A label of
 * age a came of a run between a and a + 1 days before.
 */
export function knownAge({ fromMs }: Cohorts, atMs: number): number {
  return Math.floor((atMs - fromMs) / dayMs) - 1;
}

/** Runs between two times; an hour that is cut counts by its share. */
export function runsBetween({ fromMs, runs }: Cohorts, startMs: number, endMs: number): number {
  const start = Math.max(0, (startMs - fromMs) / hourMs);
  const end = Math.min(runs.length, (endMs - fromMs) / hourMs);
  let sum = 0;
  for (let at = Math.floor(start); at < end; at++) {
    sum += (runs[at] ?? 0) * (Math.min(at + 1, end) - Math.max(at, start));
  }
  return sum;
}
