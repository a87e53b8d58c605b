import { startState } from "../../src/detectors/state.ts";
import { baselineDue, growBaseline } from "../../src/detectors/grow.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { step } from "../../src/detectors/step.ts";
import { explain } from "../../src/detectors/explain.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import { type SignalBucket, signalId } from "../../src/model/signal.ts";
import { simulate, type World } from "./world.ts";

/** How a baseline comes about: so many runs, or so many days. */
export type Start = { runs: number } | { days: number };

/** One cell of the table of false alarms. */
export interface Cell {
  world: World;
  perDay: number;
  start: Start;
}

/** What quiet data did in one cell. */
export interface QuietResult extends Cell {
  workflowDays: number;
  /** Signals that began to drift, and moments at which any did. */
  signalAlarms: number;
  falseAlarms: number;
  falsePauses: number;
  /** False alarms by kind of signal. */
  byKind: Record<string, number>;
  sentences: string[];
}

/** A Monday at midnight. */
export const epochMs = Date.UTC(2026, 0, 5);

/**
 * Runs one workflow on data that never changes, as the product does: learn, step, grow.
 *
 * Alarms that come within a day of each other are one false alarm: they are one incident to its owner.
 */
export function runQuiet(cell: Cell, seed: number, days: number, budget = 1): QuietResult {
  const simulation = simulate(cell.world, cell.perDay, seed);
  const result: QuietResult = {
    ...cell,
    workflowDays: days,
    signalAlarms: 0,
    falseAlarms: 0,
    falsePauses: 0,
    byKind: {},
    sentences: [],
  };
  const history: SignalBucket[] = [];
  const startMs = epochMs + ("runs" in cell.start ? 10 * hourMs : 0);
  let nowMs = startMs;
  for (let runs = 0; !isLearned(cell.start, runs, nowMs - startMs); nowMs += firstWidth(cell)) {
    const buckets = simulation.buckets(nowMs, firstWidth(cell));
    history.push(...buckets);
    runs += buckets.find(({ kind }) => kind === "volume")?.counts.run ?? 0;
  }
  let baseline = learnBaseline(history, { fromMs: startMs, toMs: nowMs });
  let state = startState(baseline, nowMs);
  const endMs = nowMs + days * dayMs;
  let drifting = new Set<string>();
  let growing = true;
  let alarmedMs = -Infinity;
  while (nowMs < endMs) {
    const untilMs = nextSweep(nowMs, nowMs - startMs);
    const bucketMs = untilMs % hourMs === 0 && nowMs % hourMs === 0 ? hourMs : minuteMs;
    const batch: SignalBucket[] = [];
    while (nowMs < untilMs) {
      const width = Math.min(untilMs - nowMs, bucketMs - (nowMs % bucketMs));
      for (const bucket of simulation.buckets(nowMs, width)) batch.push(bucket);
      nowMs += width;
    }
    const next = step(baseline, state, batch, {
      throughMs: nowMs,
      bucketMs,
      budget: { falseAlarmsPer1000WorkflowDays: budget },
    });
    state = next.state;
    const now = new Set<string>();
    for (const verdict of next.verdicts) {
      if (verdict.verdict.kind !== "drift") continue;
      const id = signalId(verdict.signal);
      now.add(id);
      if (verdict.verdict.pause) result.falsePauses += 1;
      if (drifting.has(id)) continue;
      result.signalAlarms += 1;
      result.byKind[verdict.signal.kind] = (result.byKind[verdict.signal.kind] ?? 0) + 1;
      result.sentences.push(`${((nowMs - startMs) / dayMs).toFixed(1)} d: ${explain(verdict)}`);
      const atMs = state.signals[id]?.drift?.detectedMs ?? nowMs;
      if (atMs - alarmedMs > dayMs) result.falseAlarms += 1;
      alarmedMs = atMs;
    }
    drifting = now;
    if (growing) for (const bucket of batch) history.push(bucket);
    growing = baseline.runs < 5000 || baseline.toMs - baseline.fromMs < 28 * dayMs;
    if (baselineDue(baseline, state, 0) === "grow")
      ({ baseline, state } = growBaseline(baseline, state, history));
  }
  return result;
}

function isLearned(start: Start, runs: number, spanMs: number): boolean {
  return "runs" in start ? runs >= start.runs : spanMs >= start.days * dayMs;
}

function firstWidth({ perDay, start }: Cell): number {
  return "runs" in start && perDay > 2400 ? minuteMs : hourMs;
}

/** The next time to look at verdicts and growth: after an eighth of what was seen, on a whole hour or day. */
function nextSweep(nowMs: number, ageMs: number): number {
  const unit = ageMs < 8 * hourMs ? minuteMs : ageMs < 8 * dayMs ? hourMs : dayMs;
  const next = nowMs + Math.min(dayMs, Math.max(unit, ageMs / 8));
  return Math.ceil(Math.min(next, (Math.floor(nowMs / dayMs) + 1) * dayMs) / unit) * unit;
}
