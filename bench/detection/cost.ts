import type { WorkflowBaseline } from "../../src/detectors/baseline.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { storeSignal } from "../../src/detectors/stored-state.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import { epochMs } from "./life.ts";
import { sum } from "./statistics.ts";
import { type Change, simulate, sources } from "./world.ts";

/** What one sweep costs. */
export interface CostResult {
  signals: number;
  /** Processor time of one sweep, and of one with fifty times the traffic. */
  sweepMs: number;
  busySweepMs: number;
  /** The largest and the mean state of a signal as it is kept, and the largest while drifts are open. */
  stateBytesMax: number;
  stateBytesMean: number;
  driftBytesMax: number;
}

/** Sweeps many copies of one busy seasonal workflow by a minute, after two days of reading. */
export function measureCost(signals: number, seed: number): CostResult {
  const quiet = settle(20_000, seed);
  const busy = settle(1_000_000, seed);
  const copies = Math.ceil(signals / quiet.baseline.signals.length);
  const sizes = stateSizes(quiet.state);
  return {
    signals: copies * quiet.baseline.signals.length,
    sweepMs: sweepMs(quiet, copies),
    busySweepMs: sweepMs(busy, copies),
    stateBytesMax: Math.max(...sizes),
    stateBytesMean: sum(sizes) / sizes.length,
    driftBytesMax: Math.max(...stateSizes(settle(20_000, seed, allMoved).state)),
  };
}

/** Every category moves, and these have the largest states. */
const allMoved: ReadonlyMap<string, Change> = new Map(
  sources
    .filter(({ shares }) => shares !== undefined)
    .map(({ kind, field }) => [`${kind} ${field}`, { variation: 0.3 }]),
);

function stateSizes({ signals }: WorkflowState): number[] {
  return Object.values(signals).map((signal) => JSON.stringify(storeSignal(signal)).length);
}

/** A workflow in the middle of its third day, and its next minute. */
interface Settled {
  baseline: WorkflowBaseline;
  state: WorkflowState;
  minute: SignalBucket[];
}

function settle(perDay: number, seed: number, changes?: ReadonlyMap<string, Change>): Settled {
  const simulation = simulate("real", perDay, seed);
  const endMs = epochMs + 28 * dayMs;
  const history: SignalBucket[] = [];
  for (let atMs = epochMs; atMs < endMs; atMs += hourMs) history.push(...simulation.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: epochMs, toMs: endMs });
  let state = startState(baseline);
  for (let atMs = endMs; atMs < endMs + 2.5 * dayMs; atMs += 15 * minuteMs) {
    const buckets = simulation.buckets(atMs, 15 * minuteMs, changes);
    const options = { throughMs: atMs + 15 * minuteMs, bucketMs: 15 * minuteMs };
    state = step(baseline, state, buckets, options).state;
  }
  return { baseline, state, minute: simulation.buckets(state.throughMs, minuteMs) };
}

/** Processor time, the best of three: what else the machine does is not the sweep's. */
function sweepMs({ baseline, state, minute }: Settled, copies: number): number {
  const throughMs = state.throughMs + minuteMs;
  let best = Infinity;
  for (let attempt = 0; attempt < 3; attempt++) {
    const started = process.cpuUsage();
    for (let copy = 0; copy < copies; copy++) step(baseline, state, minute, { throughMs });
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
