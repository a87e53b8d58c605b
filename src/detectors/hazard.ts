import { dayMs, hourMs } from "../model/clock.ts";
import { type SignalBucket, type SignalKind, signalKinds, total } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";
import { smallest } from "./boundary.ts";
import { rounded } from "./chunks.ts";
import { addRuns, type Cohorts, knownAge, runsBetween } from "./cohorts.ts";
import type { Hour } from "./history.ts";
import { splitLabel } from "./label.ts";
import type { Effect, ScoreShape } from "./score.ts";
import type { Backlog } from "./state.ts";

/** The layout of a delayed label that only ever says yes: a bin for each class of ages. */
export type HazardLayout = Extract<Layout, { shape: "hazard" }>;

/** Upper ages, in days, of the classes in which a hazard is taken for constant. */
const classes = [0, 1, 3, 7, 14, 30];
/** A class needs a history this many times as long as its upper age. */
const historyFactor = 1.5;
/** Share by which fewer labels than expected are no backlog, so that chance does not pile one up. */
const slack = 0.05;
/** Time constant with which a backlog is forgotten: what has not come by then never will. */
const backlogMs = 30 * dayMs;

/** True for a delayed label of which nobody says no: its rate is among all runs, not among the labels. */
export function isOneSided(kind: SignalKind, counts: ReadonlyMap<string, number>): boolean {
  if (signalKinds[kind] !== "label") return false;
  let yes = 0;
  let others = 0;
  for (const [bin, n] of counts) {
    if (splitLabel(bin)?.hit === true) yes += n;
    else others += n;
  }
  return yes > 0 && others <= 0.01 * yes;
}

/** The classes of ages that a history is long enough for; null where it is too short for any. */
export function hazardLayout(days: number): HazardLayout | null {
  const upToDays = classes.filter((upTo) => days >= historyFactor * (upTo + 1));
  if (upToDays.length === 0) return null;
  const bins = upToDays.map((upTo) => `within ${upTo + 1} ${upTo === 0 ? "day" : "days"}`);
  return { shape: "hazard", bins, upToDays };
}

/**
 * Scores of a hazard: labels up to each age. A change of the runs shows in the young ages first; old ages still speak of
 * the runs before it. A fall shows in all of them together alone: fewer young labels may be late ones.
 */
export function hazardScores({ bins }: HazardLayout): ScoreShape[] {
  const up = [0.25, 0.45, 0.7, 1.1, 1.7, 2.6];
  return bins.map((of, last) => ({
    of,
    values: bins.map((_, at) => (at <= last ? 1 : 0)),
    weight: 1,
    tilts: last === bins.length - 1 ? [...up, -0.25, -0.7, -1.6] : up,
    effect: { relative: 0.2, absolute: 0.01 },
  }));
}

/** *k* numbers: labels by class of age, of runs that are known. */
export function labelsByAge(
  { upToDays }: HazardLayout,
  cohorts: Cohorts,
  atMs: number,
  counts: Readonly<Record<string, number>>,
): number[] {
  const known = knownAge(cohorts, atMs);
  const sums = upToDays.map(() => 0);
  for (const bin in counts) {
    const label = splitLabel(bin);
    if (label === null || !label.hit || label.ageDays > known) continue;
    const at = upToDays.findIndex((upTo) => label.ageDays <= upTo);
    if (at >= 0) sums[at] = (sums[at] ?? 0) + (counts[bin] ?? 0);
  }
  return sums;
}

/** *k* numbers: run-days that a span spends in each class of ages, of runs that are known. */
export function runDays(
  { upToDays }: HazardLayout,
  cohorts: Cohorts,
  fromMs: number,
  toMs: number,
): number[] {
  const known = knownAge(cohorts, fromMs);
  const middleMs = (fromMs + toMs) / 2;
  return upToDays.map((upTo, at) => {
    const youngest = at === 0 ? 0 : (upToDays[at - 1] ?? 0) + 1;
    const oldest = Math.min(upTo, known);
    if (oldest < youngest) return 0;
    const runs = runsBetween(cohorts, middleMs - (oldest + 1) * dayMs, middleMs - youngest * dayMs);
    return (runs * (toMs - fromMs)) / dayMs;
  });
}

/** The hours of a history: labels and run-days by class of age, of the runs within it. */
export function hazardHistory(
  layout: HazardLayout,
  labels: readonly SignalBucket[],
  volume: readonly SignalBucket[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Hour[] {
  const runs = new Map<number, number>();
  for (const { startMs, counts } of volume) {
    const hour = Math.floor(startMs / hourMs);
    runs.set(hour, (runs.get(hour) ?? 0) + total(counts));
  }
  const buckets = new Map<number, SignalBucket[]>();
  for (const bucket of labels) {
    const hour = Math.floor(bucket.startMs / hourMs);
    buckets.set(hour, [...(buckets.get(hour) ?? []), bucket]);
  }
  let cohorts: Cohorts = { fromMs: Math.ceil(fromMs / hourMs) * hourMs, runs: [] };
  const hours: Hour[] = [];
  for (let hour = Math.ceil(fromMs / hourMs); hour < Math.floor(toMs / hourMs); hour++) {
    const atMs = hour * hourMs;
    cohorts = addRuns(cohorts, atMs, runs.get(hour) ?? 0);
    const counts = layout.bins.map(() => 0);
    for (const bucket of buckets.get(hour) ?? []) {
      for (const [at, n] of labelsByAge(layout, cohorts, atMs, bucket.counts).entries()) {
        counts[at] = (counts[at] ?? 0) + n;
      }
    }
    const exposure = runDays(layout, cohorts, atMs, atMs + hourMs);
    hours.push({ hour, n: counts.reduce((a, b) => a + b, 0), counts, exposure });
  }
  return hours;
}

/** *k* hazards, labels per run and day, and of each class its days: their products sum to labels per run. */
export function learnHazards(layout: HazardLayout, history: readonly Hour[]): number[] {
  return layout.bins.map((_, at) => {
    const labels = history.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0);
    const exposure = history.reduce((sum, { exposure: all }) => sum + (all?.[at] ?? 0), 0);
    return exposure > 0 ? (labels + 0.5 / layout.bins.length) / exposure : 0;
  });
}

/** *k* numbers: labels per run in each class of ages. */
export function labelsPerRun({ upToDays }: HazardLayout, hazards: readonly number[]): number[] {
  return hazards.map((hazard, at) => hazard * ((upToDays[at] ?? 0) - (upToDays[at - 1] ?? -1)));
}

/** The smallest relative change of a hazard that matters: what matters is the share of runs in the end, at any age. */
export function relativeEffect(layout: HazardLayout, hazards: readonly number[], effect: Effect): number {
  const share = labelsPerRun(layout, hazards).reduce((sum, labels) => sum + labels, 0);
  return smallest(effect, share) / share;
}

/** Labels may come late by so many days before their absence counts as a fall. */
export const graceDays = 3;

/** @param missing Labels by score. @param perDay Labels that a whole day brings now, of the last score. */
export function backlogOf(missing: readonly number[], perDay: number): Backlog {
  return { labels: [...missing], days: perDay > 0 ? rounded((missing.at(-1) ?? 0) / perDay) : 0 };
}

/**
 * Carries the missing labels over one chunk: B ← max(0, B e^(−t/τ) + 0.95 e − x), for e labels that were
 * expected and x that came.
 *
 * @param seen, expected Labels by score.
 */
export function nextBacklog(
  before: readonly number[],
  seen: readonly number[],
  expected: readonly number[],
  elapsedMs: number,
): number[] {
  const keep = Math.exp(-elapsedMs / backlogMs);
  return seen.map((x, at) =>
    rounded(Math.max(0, (before[at] ?? 0) * keep + (1 - slack) * (expected[at] ?? 0) - x)),
  );
}
