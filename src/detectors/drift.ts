import { dayMs } from "../model/clock.ts";
import type { Drift } from "../model/verdict.ts";
import type { Score, SignalBaseline } from "./baseline.ts";
import { smallest } from "./boundary.ts";
import { pauseFactor } from "./budget.ts";
import { joinChunks } from "./chunks.ts";
import { baselineFigure, daysIn, figure, observed, shiftOf, unitOf } from "./figures.ts";
import { relativeEffect } from "./hazard.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { logAdd } from "./math/log-add.ts";
import { logit } from "./math/logit.ts";
import { findOnset } from "./onset.ts";
import type { PreparedSignal } from "./prepare.ts";
import { type Effect, isShare, scoreMean } from "./score.ts";
import { scoreShapes } from "./shape.ts";
import { type Chunk, type DriftState, noEvidence, type SignalState } from "./state.ts";

/** Evidence, in days, at which a drift counts as gone. */
const recoveryDays = 30;
/** Runs since the onset below which nothing is paused. */
const pauseRunsMin = 20;
/** Standard errors by which a pause must clear twice the smallest change that matters. */
const pauseMargin = 3;

/**
 * Turns an alarm into a drift: the score that carries most of the evidence, its direction and onset.
 *
 * @param log ln M of each component.
 */
export function openDrift(
  signal: PreparedSignal,
  state: SignalState,
  log: readonly number[],
  nowMs: number,
): DriftState {
  const best = signal.components
    .map((component, index) => ({ component, log: component.logWeight + (log[index] ?? noEvidence) }))
    .reduce((a, b) => (b.log > a.log ? b : a)).component;
  const { index, direction } =
    best.plugin < 0 && hasFigure(signal.baseline, scoreAt(signal.baseline, best.score))
      ? { index: best.score, direction: best.tilt > 0 ? ("up" as const) : ("down" as const) }
      : mostMoved(signal.baseline, state.chunks);
  const score = scoreAt(signal.baseline, index);
  const { since, ...onset } = findOnset(signal.baseline, score, direction, state.chunks, nowMs);
  const tilt = mostOfTheWay(signal.baseline, score, direction, since);
  const reverse = { tilt, recovery: noEvidence, recoveryBefore: noEvidence };
  return { score: index, direction, onset, detectedMs: nowMs, since, ...reverse };
}

/** False for an exchange of categories, which is told by the category that moved most. */
function hasFigure({ layout }: SignalBaseline, { values }: Score): boolean {
  return layout.shape !== "category" || isShare(values);
}

/** For a shift that is spread over categories: the one that moved farthest beyond chance, since any start. */
function mostMoved(
  baseline: SignalBaseline,
  chunks: readonly Chunk[],
): { index: number; direction: "up" | "down" } {
  let best = { index: 0, direction: "up" as "up" | "down", z: 0 };
  let since: Chunk | null = null;
  for (const chunk of [...chunks].reverse()) {
    since = since === null ? chunk : joinChunks(chunk, since);
    for (const [index, score] of baseline.scores.entries()) {
      if (!hasFigure(baseline, score)) continue;
      const { shift, variance } = shiftOf(baseline, score, since);
      const z = variance > 0 ? Math.abs(shift) * Math.sqrt(since.n / variance) : 0;
      if (z > best.z) best = { index, direction: shift > 0 ? "up" : "down", z };
    }
  }
  return best;
}

/**
 * Follows an open drift by one chunk: counts since the onset, and the reverse test.
 *
 * The reverse test is a Shiryaev-Roberts sum over all starts at which the drift may have ended. Of each start it asks how
 * much better the baseline explains what came since than two thirds of the drift would, damped as evidence for a drift is:
 * day by day, with restarts within today. So a third of the drift that stays is no drift; it may become one of its own.
 *
 * @param today Chunks of the current day, oldest first.
 */
export function followDrift(
  signal: PreparedSignal,
  drift: DriftState,
  chunk: Chunk,
  { today, nowMs }: { today: readonly Chunk[]; nowMs: number },
): DriftState {
  const { baseline } = signal;
  const score = scoreAt(baseline, drift.score);
  let recovery = -Infinity;
  let after: Chunk | null = null;
  let endMs = nowMs;
  // What came before the onset says nothing about an end.
  const starts = today.filter(({ atMs }) => atMs >= drift.since.atMs);
  for (const start of [...starts].reverse()) {
    after = after === null ? start : joinChunks(start, after);
    const weight = Math.log(Math.max(endMs - start.atMs, 1) / dayMs);
    endMs = start.atMs;
    const prior = start === starts[0] ? logAdd(drift.recoveryBefore, weight) : weight;
    recovery = logAdd(recovery, prior + backRatio(baseline, score, after, drift.tilt));
  }
  return { ...drift, since: joinChunks(drift.since, chunk), recovery: Math.max(noEvidence, recovery) };
}

/** Keeps what the reverse test found out in a day. While it doubts the drift, the level it is held against stays. */
export function closeDriftDay({ baseline }: PreparedSignal, drift: DriftState): DriftState {
  const { recovery, since, direction } = drift;
  const score = scoreAt(baseline, drift.score);
  const tilt = recovery < 0 ? mostOfTheWay(baseline, score, direction, since) : drift.tilt;
  return { ...drift, recoveryBefore: recovery, tilt };
}

/** Damped log likelihood ratio of the baseline against a tilt of it. */
function backRatio(baseline: SignalBaseline, score: Score, since: Chunk, tilt: number): number {
  const n = observed(baseline, score, since);
  if (n <= 0) return 0;
  const damping = 1 + score.rhoDay * n + (score.rhoHour * n) / Math.max(since.hours, 1);
  const hits = dot(score.values, since.x);
  if (isCounted(baseline.layout)) return (n * Math.expm1(tilt) - tilt * hits) / damping;
  const expected = since.e ?? baseline.shares.map((share) => share * n);
  const tilted = expected.reduce((sum, e, k) => sum + e * Math.exp(tilt * (score.values[k] ?? 0)), 0);
  return (n * Math.log(tilted / n) - tilt * hits) / damping;
}

/** True once the reverse test says that the signal is back at its baseline. */
export function hasRecovered(drift: DriftState): boolean {
  return drift.recovery >= Math.log(recoveryDays);
}

/** The verdict on an open drift. */
export function driftVerdict(
  signal: PreparedSignal,
  state: SignalState,
  drift: DriftState,
  alarmLevel: number,
  nowMs: number,
): Drift {
  const { baseline } = signal;
  const score = scoreAt(baseline, drift.score);
  const { shift, variance } = shiftOf(baseline, score, drift.since);
  const unit = effectUnit(baseline, score, variance);
  return {
    kind: "drift",
    evidence: relativeEvidence(state.evidence, alarmLevel),
    ...unitOf(baseline, score),
    direction: drift.direction,
    baseline: baselineFigure(baseline, score),
    current: figure(baseline, score, drift.since, daysIn(drift.since.atMs, nowMs)),
    onset: drift.onset,
    pause: mustPause(baseline, score, drift, state.evidence - alarmLevel, nowMs),
    effect: Math.abs(shift) / unit,
  };
}

/** Evidence on a scale where 1 is the alarm level: the ratio of logarithms of days, 0 for less than a day. */
export function relativeEvidence(logDays: number, alarmLevel: number): number {
  return Math.max(0, logDays / alarmLevel);
}

/**
 * The strict rule for stopping an automation: many times the evidence of an alert, enough runs, and even
 * the cautious end of the noise leaves a change well beyond twice the smallest one that matters.
 */
function mustPause(
  baseline: SignalBaseline,
  score: Score,
  drift: DriftState,
  logExcess: number,
  nowMs: number,
): boolean {
  const { since } = drift;
  if (logExcess < Math.log(pauseFactor)) return false;
  const runs = observed(baseline, score, since);
  if (baseline.layout.shape !== "volume" && runs < pauseRunsMin) return false;
  const { shift, variance } = shiftOf(baseline, score, since);
  if (shift > 0 !== (drift.direction === "up")) return false;
  const noise =
    1 / Math.max(runs, 1) +
    score.rhoDayStrict / daysIn(since.atMs, nowMs) +
    score.rhoHourStrict / Math.max(since.hours, 1) +
    1 / baseline.runs +
    score.rhoDayStrict / Math.max(baseline.days, 1);
  const error = Math.sqrt(
    Math.max(variance, isCounted(baseline.layout) ? 0 : varianceNow(score, since)) * noise,
  );
  return Math.abs(shift) - pauseMargin * error > 2 * effectUnit(baseline, score, variance);
}

/** Variance of the score after the change: rates near zero are noisier once they have risen. */
function varianceNow(score: Score, since: Chunk): number {
  if (!isShare(score.values)) return 0;
  const share = scoreMean(score.values, since.x);
  return share * (1 - share);
}

/** The smallest change of a score that matters, in the unit of its shift. */
function effectUnit(baseline: SignalBaseline, score: Score, variance: number): number {
  const effect: Effect = scoreShapes(baseline.layout, baseline.shares).find(({ of }) => of === score.of)
    ?.effect ?? {
    deviations: 0.1,
  };
  if (baseline.layout.shape === "volume") return smallest(effect, 1);
  if (baseline.layout.shape === "hazard") return relativeEffect(baseline.layout, baseline.shares, effect);
  return smallest(effect, scoreMean(score.values, baseline.shares), variance);
}

/** The tilt of what lies two thirds of the way from the baseline to a drift, and beyond the null's boundary. */
function mostOfTheWay(
  baseline: SignalBaseline,
  score: Score,
  direction: "up" | "down",
  level: Chunk,
): number {
  const up = direction === "up";
  const bound = (up ? score.up : score.down) ?? 0;
  const { shift, variance } = shiftOf(baseline, score, level);
  const further = (tilt: number): number => (up ? Math.max(tilt, 1.5 * bound) : Math.min(tilt, 1.5 * bound));
  if (isCounted(baseline.layout)) return further(Math.log(Math.max(1 + (2 / 3) * shift, 0.01)));
  if (!isShare(score.values)) return further(variance > 0 ? ((2 / 3) * shift) / variance : 0);
  const seen = scoreMean(score.values, level.x);
  const clip = (share: number): number => Math.min(Math.max(share, 1e-4), 1 - 1e-4);
  return further(logit(clip(seen - shift / 3)) - logit(clip(seen - shift)));
}

function scoreAt(baseline: SignalBaseline, index: number): Score {
  const score = baseline.scores[index];
  if (score === undefined) throw new RangeError(`Cannot follow drift: no score ${index} in the baseline`);
  return score;
}
