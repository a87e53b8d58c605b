import type { WorkflowBaseline } from "../../src/detectors/baseline.ts";
import { baselineDue, growBaseline } from "../../src/detectors/grow.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import type { SignalVerdict } from "../../src/model/verdict.ts";
import { type Simulation, simulate, type World } from "./world.ts";

/** How a baseline comes about: so many runs, or so many days. */
export type Start = { runs: number } | { days: number };

/** One cell of the table of false alarms. */
export interface Cell {
  world: World;
  perDay: number;
  start: Start;
}

/** One workflow on data that never changes, taken through time as the product does: learn, step, grow. */
export interface Life {
  cell: Cell;
  simulation: Simulation;
  baseline: WorkflowBaseline;
  state: WorkflowState;
  /** What a growing baseline may still need. */
  history: readonly SignalBucket[];
  startMs: number;
  nowMs: number;
}

/** A Monday at midnight. */
export const epochMs = Date.UTC(2026, 0, 5);

/** Simulates until there is a baseline. */
export function startLife(cell: Cell, seed: number): Life {
  const simulation = simulate(cell.world, cell.perDay, seed);
  const history: SignalBucket[] = [];
  const startMs = epochMs + ("runs" in cell.start ? 10 * hourMs : 0);
  const widthMs = "runs" in cell.start && cell.perDay > 2400 ? minuteMs : hourMs;
  let nowMs = startMs;
  for (let runs = 0; !isLearned(cell.start, runs, nowMs - startMs); nowMs += widthMs) {
    const buckets = simulation.buckets(nowMs, widthMs);
    history.push(...buckets);
    runs += buckets.find(({ kind }) => kind === "volume")?.counts.run ?? 0;
  }
  const baseline = learnBaseline(history, { fromMs: startMs, toMs: nowMs });
  return { cell, simulation, baseline, state: startState(baseline, nowMs), history, startMs, nowMs };
}

function isLearned(start: Start, runs: number, spanMs: number): boolean {
  return "runs" in start ? runs >= start.runs : spanMs >= start.days * dayMs;
}

/**
 * Lives until the next look. Where a drift is open there is a look at the end of every hour.
 *
 * @param budget False alarms per 1,000 workflow-days.
 * @param longestMs Looks are no farther apart: a whole number of hours.
 * @returns The life as it went on, and the verdicts of each look; the life given stays as it was, but for what
 *   its simulation has drawn.
 */
export function liveOn(
  life: Life,
  budget: number,
  longestMs = dayMs,
): { life: Life; looks: SignalVerdict[][] } {
  const { simulation, baseline, startMs } = life;
  const untilMs = nextLook(life.nowMs, life.nowMs - startMs, longestMs);
  const bucketMs = untilMs % hourMs === 0 && life.nowMs % hourMs === 0 ? hourMs : minuteMs;
  const batch: SignalBucket[] = [];
  for (let atMs = life.nowMs; atMs < untilMs; atMs += bucketMs) {
    for (const bucket of simulation.buckets(atMs, bucketMs)) batch.push(bucket);
  }
  const options = { bucketMs, budget: { falseAlarmsPer1000WorkflowDays: budget } };
  let { state, verdicts } = step(baseline, life.state, batch, { throughMs: untilMs, ...options });
  let looks = [verdicts];
  if (bucketMs === hourMs && hasDrifted(state, life.nowMs)) {
    state = life.state;
    looks = [];
    for (let atMs = life.nowMs; atMs < untilMs; atMs += hourMs) {
      const hour = batch.filter(({ startMs: bucketStartMs }) => bucketStartMs === atMs);
      ({ state, verdicts } = step(baseline, state, hour, { throughMs: atMs + hourMs, ...options }));
      looks.push(verdicts);
    }
  }
  const growing = baseline.runs < 5000 || baseline.toMs - baseline.fromMs < 28 * dayMs;
  const history = growing ? [...life.history, ...batch] : life.history;
  const after = { ...life, state, history, nowMs: untilMs };
  if (baselineDue(baseline, state, 0) === "grow")
    Object.assign(after, growBaseline(baseline, state, history));
  return { life: after, looks };
}

/** The same life with a future of its own, from a whole hour on. */
export function branchLife(life: Life, stream: number): Life {
  return { ...life, simulation: life.simulation.branch(life.nowMs, stream) };
}

/** True where a signal drifts, or has begun anew since, as it does once a drift has gone: that may be within hours. */
function hasDrifted({ signals }: WorkflowState, sinceMs: number): boolean {
  return Object.values(signals).some(({ drift, committedMs }) => drift !== null || committedMs > sinceMs);
}

/** The next time to look at verdicts and growth: after an eighth of what was seen, on a whole hour or day. */
function nextLook(nowMs: number, ageMs: number, longestMs: number): number {
  const unit = ageMs < 8 * hourMs ? minuteMs : ageMs < 8 * dayMs || longestMs < dayMs ? hourMs : dayMs;
  const next = nowMs + Math.min(longestMs, Math.max(unit, ageMs / 8));
  return Math.ceil(Math.min(next, (Math.floor(nowMs / dayMs) + 1) * dayMs) / unit) * unit;
}
