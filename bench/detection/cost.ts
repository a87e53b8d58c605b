import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import { epochMs } from "./quiet.ts";
import { simulate } from "./world.ts";

/** What one sweep costs. */
export interface CostResult {
  signals: number;
  /** Processor time of one sweep. */
  sweepMs: number;
  /** The largest and the mean state of a signal, as JSON. */
  stateBytesMax: number;
  stateBytesMean: number;
}

/** Sweeps many copies of one busy seasonal workflow by a minute, after two days of reading. */
export function measureCost(signals: number, seed: number): CostResult {
  const simulation = simulate("real", 20_000, seed);
  const endMs = epochMs + 28 * dayMs;
  const history: SignalBucket[] = [];
  for (let atMs = epochMs; atMs < endMs; atMs += hourMs) history.push(...simulation.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: epochMs, toMs: endMs });
  let state: WorkflowState = startState(baseline);
  for (let atMs = endMs; atMs < endMs + 2.5 * dayMs; atMs += 15 * minuteMs) {
    const buckets = simulation.buckets(atMs, 15 * minuteMs);
    const options = { throughMs: atMs + 15 * minuteMs, bucketMs: 15 * minuteMs };
    state = step(baseline, state, buckets, options).state;
  }
  const minute = simulation.buckets(state.throughMs, minuteMs);
  const copies = Math.ceil(signals / baseline.signals.length);
  const throughMs = state.throughMs + minuteMs;
  let sweepMs = Infinity;
  for (let attempt = 0; attempt < 3; attempt++) {
    // Processor time: what else the machine does is not the sweep's.
    const started = process.cpuUsage();
    for (let copy = 0; copy < copies; copy++) step(baseline, state, minute, { throughMs });
    const { user, system } = process.cpuUsage(started);
    sweepMs = Math.min(sweepMs, (user + system) / 1000);
  }
  const sizes = Object.values(state.signals).map((signal) => JSON.stringify(signal).length);
  return {
    signals: copies * baseline.signals.length,
    sweepMs,
    stateBytesMax: Math.max(...sizes),
    stateBytesMean: sizes.reduce((a, b) => a + b, 0) / sizes.length,
  };
}
