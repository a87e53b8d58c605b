import { dayMs, hourMs } from "../model/clock.ts";
import { type SignalBucket, type SignalKind, signalId, signalKinds, total } from "../model/signal.ts";
import {
  type Layout,
  type LearnOptions,
  learnDefaults,
  type Score,
  type SignalBaseline,
  type WorkflowBaseline,
} from "./baseline.ts";
import { boundaries } from "./boundary.ts";
import { singletons } from "./category.ts";
import {
  cautiousVariance,
  type Excess,
  measureExcess,
  type NoisePrior,
  noiseScale,
  type Pool,
  poolExcess,
} from "./dispersion.ts";
import { byHour, type Hour, rawCounts } from "./history.ts";
import { learnAges } from "./label.ts";
import { binIndex, coarseCounts, newBin } from "./layout.ts";
import { type Effect, isShare, type ScoreShape } from "./score.ts";
import { decideLayout, scoreShapes } from "./shape.ts";
import { learnStrata } from "./strata.ts";

/**
 * Learns what normal looks like from the past of one workflow.
 *
 * @param history Buckets of all signals, an hour wide or finer, `missing` derived. Any order.
 * @returns A baseline; signals with too little history are left out of it, and volume before two days.
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
  const drafts: Draft[] = [];
  for (const group of groups.values()) {
    const seen = group.reduce((sum, { counts }) => sum + total(counts), 0);
    if (group[0]?.kind === "volume") runs = seen;
    const draft = draftSignal(group, { ...settings, fromMs, toMs });
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

/** Evidence of an alert and of a pause, in nats: ln of 30,000 days, and thirty times as much. */
const alertNats = 10.3;
const pauseNats = 13.7;

/** A signal whose noise is not known yet. */
interface Draft {
  baseline: SignalBaseline;
  shapes: ScoreShape[];
  history: Hour[];
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
  const volume = layout.shape === "volume";
  const history = byHour(buckets, index, k);
  const counts = coarseCounts(index, k, Object.fromEntries(raw));
  const flat: SignalBaseline = {
    kind: first.kind,
    field: first.field,
    layout,
    runs,
    days,
    shares: volume ? [runs / (days * 24)] : smoothed(counts, layout, singletons(raw)),
    strata: null,
    ages: signalKinds[first.kind] === "label" && layout.shape === "rate" ? learnAges(raw) : null,
    scores: [],
  };
  const whole = volume ? everyHour(history, options.fromMs, options.toMs) : history;
  const baseline = { ...flat, strata: flat.ages === null ? learnStrata(flat, whole) : null };
  return { baseline, shapes: scoreShapes(layout, baseline.shares), history: whole };
}

function isEnough(kind: SignalKind, runs: number, days: number, options: LearnOptions): boolean {
  if (signalKinds[kind] === "volume") return days >= 2;
  return runs >= (signalKinds[kind] === "label" ? options.labelsMin : options.runsMin);
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

/** Fills in the hours without runs. */
function everyHour(history: readonly Hour[], fromMs: number, toMs: number): Hour[] {
  const seen = new Map(history.map((entry) => [entry.hour, entry]));
  const hours: Hour[] = [];
  for (let hour = Math.ceil(fromMs / hourMs); hour < Math.floor(toMs / hourMs); hour++) {
    hours.push(seen.get(hour) ?? { hour, n: 0, counts: [0] });
  }
  return hours;
}

/** Noise is pooled over the scores of a class: too little is known of one signal alone. */
function measureNoise(drafts: readonly Draft[], days: number): SignalBaseline[] {
  const measured = drafts.map((draft) =>
    draft.shapes.map((shape) => {
      const prior = noisePrior(draft.baseline, shape, days);
      const excess = measureExcess(draft.baseline, shape.values, draft.history, prior);
      return { group: noiseClass(draft.baseline, shape), prior, ...excess };
    }),
  );
  const all = measured.flat();
  const pool = new Map<string, { day: Pool; hour: Pool }>();
  for (const { group, prior } of all) {
    if (pool.has(group)) continue;
    const members = all.filter((entry) => entry.group === group);
    const day = poolExcess(
      members.map(({ day: excess }) => excess),
      prior.day,
    );
    pool.set(group, {
      day,
      hour: poolExcess(
        members.map(({ hour }) => hour),
        prior.hour,
      ),
    });
  }
  return drafts.map(({ baseline, shapes, history }, at) => {
    const scores = shapes.map((shape, index) => {
      const own = measured[at]?.[index];
      const common = pool.get(own?.group ?? "");
      if (own === undefined || common === undefined) throw new RangeError("Cannot pool noise: no such class");
      return noisyScore(baseline, shape, own, common);
    });
    const location = scores.find(({ of }) => of === "median");
    return {
      ...baseline,
      scores: scores.map((score, index) => {
        const noisy = location === undefined ? score : withLocation(score, location);
        return withBoundaries(baseline, noisy, shapes[index]?.effect ?? { deviations: 0.1 }, history.length);
      }),
    };
  });
}

/**
 * What a restless mean does to the other scores of a number. A day whose mean is off by d has its mean square
 * off by d²: four standard deviations of that must not look like more than four of the spread's own, so ρ
 * grows by the square of 4 ρ / √2. The log odds of a tail of 5 % move by 2.2 d.
 */
function withLocation(score: Score, location: Score): Score {
  const tail = isShare(score.values) && (score.of === "high" || score.of === "low");
  if (score.of !== "spread" && !tail) return score;
  const add = (own: number, other: number): number =>
    tail ? Math.max(own, 0.05 * 5 * other) : own + 8 * other * other;
  return {
    ...score,
    rhoDay: add(score.rhoDay, location.rhoDay),
    rhoHour: add(score.rhoHour, location.rhoHour),
    rhoDayStrict: add(score.rhoDayStrict, location.rhoDayStrict),
    rhoHourStrict: add(score.rhoHourStrict, location.rhoHourStrict),
  };
}

/** Signals of a class are assumed to be about equally noisy. */
function noiseClass(baseline: SignalBaseline, shape: ScoreShape): string {
  const { shape: layout } = baseline.layout;
  if (layout === "number") return isShare(shape.values) ? "number share" : `number ${shape.of}`;
  return layout === "rate" ? `rate ${signalKinds[baseline.kind]}` : layout;
}

/** What is assumed of noise that has not been seen. The first day hides the hours, the first week the weekdays. */
function noisePrior(baseline: SignalBaseline, shape: ScoreShape, days: number): NoisePrior {
  const hidden = { day: days < 7 ? 0.03 : 0, hour: days < 2 ? 0.06 : 0 };
  if (baseline.layout.shape === "volume") return { day: 0.05 + hidden.day, hour: 0.1 + 3 * hidden.hour };
  if (isShare(shape.values)) return { day: 0.03 + hidden.day, hour: 0.02 + hidden.hour };
  return { day: 0.01 + hidden.day / 4, hour: 0.005 + hidden.hour / 4 };
}

function noisyScore(
  baseline: SignalBaseline,
  { of, values }: ScoreShape,
  own: { day: Excess; hour: Excess },
  common: { day: Pool; hour: Pool },
): Score {
  const scale = noiseScale(baseline, values);
  const rho = (part: "day" | "hour", nats: number): number =>
    scale * cautiousVariance(own[part], common[part], nats);
  return {
    of,
    values,
    up: null,
    down: null,
    rhoDay: rho("day", alertNats),
    rhoHour: rho("hour", alertNats),
    rhoDayStrict: rho("day", pauseNats),
    rhoHourStrict: rho("hour", pauseNats),
  };
}

function withBoundaries(baseline: SignalBaseline, score: Score, effect: Effect, hours: number): Score {
  if (baseline.layout.shape === "volume") return { ...score, up: Math.log(1.1), down: Math.log(0.9) };
  const { values, rhoDay, rhoHour } = score;
  const { shares, runs, days } = baseline;
  return { ...score, ...boundaries({ values, shares, runs, days, hours, rhoDay, rhoHour, effect }) };
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
