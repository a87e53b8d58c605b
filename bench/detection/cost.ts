import type { WorkflowBaseline } from "../../src/detectors/baseline.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import { epochMs } from "./life.ts";
import { sum } from "./statistics.ts";
import { simulate } from "./world.ts";

/** What one sweep costs. */
export interface CostResult {
  signals: number;
  /** Processor time of one sweep, and of one with fifty times the traffic. */
  sweepMs: number;
  busySweepMs: number;
  /** The largest and the mean state of a signal, as JSON. */
  stateBytesMax: number;
  stateBytesMean: number;
}

/** Sweeps many copies of one busy seasonal workflow by a minute, after two days of reading. */
export function measureCost(signals: number, seed: number): CostResult {
  const quiet = settle(20_000, seed);
  const busy = settle(1_000_000, seed);
  const copies = Math.ceil(signals / quiet.baseline.signals.length);
  const sizes = Object.values(quiet.state.signals).map((signal) => JSON.stringify(signal).length);
  return {
    signals: copies * quiet.baseline.signals.length,
    sweepMs: sweepMs(quiet, copies),
    busySweepMs: sweepMs(busy, copies),
    stateBytesMax: Math.max(...sizes),
    stateBytesMean: sum(sizes) / sizes.length,
  };
}

/** A workflow in the middle of its third day, and its next minute. */
interface Settled {
  baseline: WorkflowBaseline;
  state: WorkflowState;
  minute: SignalBucket[];
}

function settle(perDay: number, seed: number): Settled {
  const simulation = simulate("real", perDay, seed);
  const endMs = epochMs + 28 * dayMs;
  const history: SignalBucket[] = [];
  for (let atMs = epochMs; atMs < endMs; atMs += hourMs) history.push(...simulation.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: epochMs, toMs: endMs });
  let state = startState(baseline);
  for (let atMs = endMs; atMs < endMs + 2.5 * dayMs; atMs += 15 * minuteMs) {
    const buckets = simulation.buckets(atMs, 15 * minuteMs);
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
