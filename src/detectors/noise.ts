import { signalKinds } from "../model/signal.ts";
import type { Score, SignalBaseline } from "./baseline.ts";
import { boundaries, rateBoundaries } from "./boundary.ts";
import { pauseFactor } from "./budget.ts";
import { type Excess, measureExcess, type NoisePrior, noiseScale } from "./dispersion.ts";
import type { Hour } from "./history.ts";
import { relativeEffect } from "./hazard.ts";
import { dot } from "./math/dot.ts";
import { cautiousVariance, estimateVariance, type Pool, poolExcess } from "./pool.ts";
import { type Effect, isShare, type ScoreShape } from "./score.ts";

/** Evidence of an alert and of a pause, in nats: ln of 30,000 days, and so many times as much. */
const alertNats = 10.3;
const pauseNats = alertNats + Math.log(pauseFactor);

/** A signal whose noise is not known yet. */
export interface Draft {
  baseline: SignalBaseline;
  shapes: ScoreShape[];
  history: Hour[];
  /** For every hour of the history, *k* shares that the other days lead one to expect (see `learnStrata`). */
  expected: (readonly number[])[];
}

/**
 * Finds out how restless every score is and sets its boundaries. Noise is pooled over the scores of a class:
 * too little is known of one signal alone.
 *
 * @param days Length of the history.
 */
export function measureNoise(drafts: readonly Draft[], days: number): SignalBaseline[] {
  // What two days tell of the noise depends on the noise itself, so it is measured twice.
  const first = poolClasses(drafts.flatMap((draft) => measureDraft(draft, days, new Map())));
  const measured = drafts.map((draft) => measureDraft(draft, days, first));
  const pools = poolClasses(measured.flat());
  return drafts.map(({ baseline, shapes, history }, at) => {
    const scores = (measured[at] ?? []).map((own) => noisyScore(baseline, own, pools));
    const location = scores.find(({ of }) => of === "median");
    return {
      ...baseline,
      scores: scores.map((score, index) => {
        const noisy = location === undefined ? score : withLocation(score, location);
        return withBoundaries(baseline, noisy, shapes[index]?.effect ?? { deviations: 0.1 }, history);
      }),
    };
  });
}

/** What the history of a score says about its noise. */
interface Measured {
  shape: ScoreShape;
  group: string;
  prior: NoisePrior;
  day: Excess;
  hour: Excess;
}

/** By class. */
type Pools = ReadonlyMap<string, { day: Pool; hour: Pool }>;

/** @param before What is known of the classes, if anything. */
function measureDraft(
  { baseline, shapes, history, expected }: Draft,
  days: number,
  before: Pools,
): Measured[] {
  return shapes.map((shape) => {
    const group = noiseClass(baseline, shape);
    const prior = noisePrior(baseline, shape, days);
    const seen = before.get(group);
    const assumed = {
      day: Math.max(prior.day, seen?.day.variance ?? 0),
      hour: Math.max(prior.hour, seen?.hour.variance ?? 0),
    };
    return { shape, group, prior, ...measureExcess(baseline, shape.values, history, expected, assumed) };
  });
}

function poolClasses(all: readonly Measured[]): Pools {
  const classes = new Map<string, Measured[]>();
  for (const one of all) classes.set(one.group, [...(classes.get(one.group) ?? []), one]);
  const pool = (members: readonly Measured[], part: "day" | "hour"): Pool =>
    poolExcess(
      members.map((member) => member[part]),
      members[0]?.prior[part] ?? 0,
    );
  return new Map(
    [...classes].map(([group, members]) => [
      group,
      { day: pool(members, "day"), hour: pool(members, "hour") },
    ]),
  );
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
  if (isShare(shape.values) || baseline.layout.shape === "category")
    return { day: 0.03 + hidden.day, hour: 0.02 + hidden.hour };
  return { day: 0.01 + hidden.day / 4, hour: 0.005 + hidden.hour / 4 };
}

function noisyScore(baseline: SignalBaseline, own: Measured, pools: Pools): Score {
  const { of, values } = own.shape;
  const common = pools.get(own.group);
  if (common === undefined) throw new RangeError(`Cannot pool noise: no class '${own.group}'`);
  const scale = noiseScale(baseline, values);
  const rho = (part: "day" | "hour", nats: number): number =>
    scale * cautiousVariance(own[part], common[part], nats);
  // The gamma noise of volume has a heavy tail of its own: raised for Student's t it alarms at a fifteenth of its share.
  const usual = (part: "day" | "hour"): number =>
    baseline.layout.shape === "volume"
      ? scale * estimateVariance(own[part], common[part])
      : rho(part, alertNats);
  return {
    of,
    values,
    up: null,
    down: null,
    rhoDay: usual("day"),
    rhoHour: usual("hour"),
    rhoDayStrict: rho("day", pauseNats),
    rhoHourStrict: rho("hour", pauseNats),
  };
}

function withBoundaries(
  baseline: SignalBaseline,
  score: Score,
  effect: Effect,
  history: readonly Hour[],
): Score {
  const { values, rhoDay, rhoHour } = score;
  const { shares, days, layout } = baseline;
  const hours = history.length;
  if (layout.shape === "volume") return { ...score, up: Math.log(1.1), down: Math.log(0.9) };
  if (layout.shape === "hazard") {
    const runs = history.reduce((sum, { counts }) => sum + dot(values, counts), 0);
    const basis = { runs, days, hours, rhoDay, rhoHour };
    return { ...score, ...rateBoundaries(basis, relativeEffect(layout, shares, effect)) };
  }
  const { runs } = baseline;
  return { ...score, ...boundaries({ values, shares, runs, days, hours, rhoDay, rhoHour, effect }) };
}
