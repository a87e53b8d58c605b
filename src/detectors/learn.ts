import { newBin } from "../model/bin-names.ts";
import { dayMs, hourMs } from "../model/clock.ts";
import {
  rawCounts,
  type SignalBucket,
  type SignalKind,
  signalId,
  signalKinds,
  total,
} from "../model/signal.ts";
import {
  type Layout,
  type LearnOptions,
  learnDefaults,
  type SignalBaseline,
  type WorkflowBaseline,
} from "./baseline.ts";
import { singletons } from "./category.ts";
import {
  hazardHistory,
  hazardLayout,
  hazardScores,
  isOneSided,
  labelsPerRun,
  learnHazards,
} from "./hazard.ts";
import { byHour, type Hour } from "./history.ts";
import { learnAges } from "./label.ts";
import { binIndex, coarseCounts } from "./layout.ts";
import { type Draft, measureNoise } from "./noise.ts";
import type { ScoreShape } from "./score.ts";
import { decideLayout, scoreShapes } from "./shape.ts";
import { learnStrata } from "./learn-strata.ts";

/**
 * Learns what normal looks like from the past of one workflow.
 *
 * @param history Buckets of all signals, an hour wide or finer, `missing` derived. Any order.
 * @returns A baseline; signals with too little history are left out of it, and volume before a week.
 */
export function learnBaseline(
  history: readonly SignalBucket[],
  options: Partial<LearnOptions> = {},
): WorkflowBaseline {
  const settings = { ...learnDefaults, ...options };
  const starts = history.map(({ startMs }) => startMs);
  const fromMs = settings.fromMs ?? least(starts);
  const toMs = settings.toMs ?? most(starts) + settings.bucketMs;
  const groups = new Map<string, SignalBucket[]>();
  let runs = 0;
  for (const bucket of history) {
    if (bucket.startMs < fromMs || bucket.startMs >= toMs) continue;
    const id = signalId(bucket);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [bucket]);
    else group.push(bucket);
  }
  const volume = [...groups.values()].find(([first]) => first?.kind === "volume") ?? [];
  const drafts: Draft[] = [];
  for (const group of groups.values()) {
    const seen = group.reduce((sum, { counts }) => sum + total(counts), 0);
    if (group[0]?.kind === "volume") runs = seen;
    const span = { ...settings, fromMs, toMs };
    const draft = draftHazard(group, volume, span) ?? draftSignal(group, span);
    if (draft !== null) drafts.push(draft);
  }
  return {
    format: 1,
    workflow: history[0]?.workflow ?? "",
    fromMs,
    toMs,
    runs: runs > 0 ? runs : Math.max(0, ...drafts.map(({ baseline }) => baseline.runs)),
    pinned: settings.pinned,
    signals: measureNoise(drafts, (toMs - fromMs) / dayMs),
  };
}

function draftSignal(
  buckets: readonly SignalBucket[],
  options: LearnOptions & { fromMs: number; toMs: number },
): Draft | null {
  const first = buckets[0];
  if (first === undefined) return null;
  const raw = rawCounts(buckets);
  const runs = [...raw.values()].reduce((sum, n) => sum + n, 0);
  const days = (options.toMs - options.fromMs) / dayMs;
  if (!isEnough(first.kind, runs, days, options)) return null;
  const layout = decideLayout(first.kind, raw);
  const index = binIndex(layout);
  const k = layout.bins.length;
  const isVolume = layout.shape === "volume";
  const history = byHour(buckets, index, k);
  const counts = coarseCounts(index, k, Object.fromEntries(raw));
  const flat: SignalBaseline = {
    kind: first.kind,
    field: first.field,
    layout,
    runs,
    days,
    shares: isVolume ? [runs / (days * 24)] : smoothed(counts, layout, singletons(raw)),
    strata: null,
    ages: signalKinds[first.kind] === "label" && layout.shape === "rate" ? learnAges(raw) : null,
    scores: [],
  };
  const whole = isVolume ? everyHour(history, options.fromMs, options.toMs) : history;
  return draft(flat, scoreShapes(layout, flat.shares), whole);
}

/** Days below which volume has no baseline: a week without runs on its weekend must have been seen once. */
const volumeDaysMin = 7;

/** Observations below which a signal has no baseline. */
export function observationsMin(
  kind: SignalKind,
  { runsMin, labelsMin }: Pick<LearnOptions, "runsMin" | "labelsMin">,
): number {
  return signalKinds[kind] === "label" ? labelsMin : runsMin;
}

function isEnough(kind: SignalKind, runs: number, days: number, options: LearnOptions): boolean {
  if (signalKinds[kind] === "volume") return days >= volumeDaysMin;
  return runs >= observationsMin(kind, options);
}

/**
 * Shares of *k* bins, none of them 0. The bin of new values holds what Good and Turing expect; the one beyond
 * the maximum one observation, since the next value is the largest of n + 1 with probability 1 / (n + 1).
 */
function smoothed(counts: readonly number[], layout: Layout, ones: number): number[] {
  const newAt = layout.bins.indexOf(newBin);
  const beyondAt = layout.shape === "number" ? layout.edges.length : -1;
  const weights = counts.map((n, at) => {
    if (at === newAt) return Math.max(ones, 0.5);
    if (at === beyondAt) return 1;
    return n > 0 ? n : 0.5 / counts.length;
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** A delayed label of which only "yes" is told; null for any other signal. */
function draftHazard(
  buckets: readonly SignalBucket[],
  volume: readonly SignalBucket[],
  options: LearnOptions & { fromMs: number; toMs: number },
): Draft | null {
  const first = buckets[0];
  if (first === undefined || volume.length === 0) return null;
  const raw = rawCounts(buckets);
  const days = (options.toMs - options.fromMs) / dayMs;
  const layout = hazardLayout(days);
  if (layout === null || !isOneSided(first.kind, raw)) return null;
  const history = hazardHistory(layout, buckets, volume, options);
  const runs = history.reduce((sum, { n }) => sum + n, 0);
  if (runs < options.labelsMin) return null;
  const { kind, field } = first;
  const shares = learnHazards(layout, history);
  // Labels of runs that were never counted: there is nothing to hold them against.
  if (labelsPerRun(layout, shares).every((labels) => labels === 0)) return null;
  const flat = { kind, field, layout, runs, days, shares, strata: null, ages: null, scores: [] };
  return draft(flat, hazardScores(layout), history);
}

/** @param flat Without strata. */
function draft(flat: SignalBaseline, shapes: ScoreShape[], history: Hour[]): Draft {
  const { strata, expected } = learnStrata(flat, history);
  return { baseline: { ...flat, strata }, shapes, history, expected };
}

/** Fills in the hours without runs. */
function everyHour(history: readonly Hour[], fromMs: number, toMs: number): Hour[] {
  const seen = new Map(history.map((entry) => [entry.hour, entry]));
  const hours: Hour[] = [];
  for (let hour = Math.ceil(fromMs / hourMs); hour < Math.floor(toMs / hourMs); hour++) {
    hours.push({ ...(seen.get(hour) ?? { hour, n: 0, counts: [0] }), exposure: [1] });
  }
  return hours;
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
