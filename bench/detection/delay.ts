import type { WorkflowBaseline } from "../../src/detectors/baseline.ts";
import { baselineDue, growBaseline } from "../../src/detectors/grow.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import { epochMs } from "./life.ts";
import { type Change, simulate, sources, type World } from "./world.ts";

/** A change whose delay is measured. */
export interface DelayCase {
  name: string;
  /** `kind field` of the source it happens to. */
  source: string;
  change: Change;
  /** Runs after which it counts as missed. */
  runsMax: number;
}

export const delayCases: DelayCase[] = [
  { name: "rate 2 → 20 %", source: "null_rate output.field2", change: { to: 0.2 }, runsMax: 10_000 },
  { name: "rate 1 → 5 %", source: "null_rate output.field1", change: { to: 0.05 }, runsMax: 10_000 },
  { name: "rate 10 → 20 %", source: "null_rate output.field3", change: { to: 0.2 }, runsMax: 10_000 },
  {
    name: "category TV .2",
    source: "output_distribution output.category0",
    change: { variation: 0.2 },
    runsMax: 10_000,
  },
  {
    name: "category TV .1",
    source: "output_distribution output.category0",
    change: { variation: 0.1 },
    runsMax: 10_000,
  },
  {
    name: "category TV .1 dense",
    source: "output_distribution output.category1",
    change: { variation: 0.1, dense: true },
    runsMax: 10_000,
  },
  { name: "number + .5 sd", source: "latency ", change: { deviations: 0.5 }, runsMax: 10_000 },
  { name: "rate .1 → 100 %", source: "null_rate output.field0", change: { to: 1 }, runsMax: 10_000 },
];

/** What one change did in one replication. */
export interface DelayResult {
  name: string;
  /** Runs from the change to the alarm; null if missed; -1 if it alarmed before. */
  runs: number | null;
  onsetErrorMs: number;
  /** True where the change began outside of the interval that is told. */
  onsetOutside: boolean;
}

/** A world, its volume and the length of the baseline. */
export interface DelaySetting {
  world: World;
  perDay: number;
  baselineDays: number;
  /** False alarms per 1,000 workflow-days; 1 by default. */
  budget?: number;
}

/** Learns one baseline of 30 signals, then lets each case happen on its own. */
export function runDelays(setting: DelaySetting, cases: readonly DelayCase[], seed: number): DelayResult[] {
  const { world, perDay, baselineDays } = setting;
  const endMs = epochMs + baselineDays * dayMs;
  const past = simulate(world, perDay, seed);
  const history: SignalBucket[] = [];
  for (let atMs = epochMs; atMs < endMs; atMs += hourMs) history.push(...past.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: epochMs, toMs: endMs });
  return cases.map((one, at) => runCase(setting, { baseline, history }, one, seed, at, endMs));
}

const unknown = { onsetErrorMs: 0, onsetOutside: false };

function runCase(
  { world, perDay, budget = 1 }: DelaySetting,
  past: { baseline: WorkflowBaseline; history: readonly SignalBucket[] },
  { name, source, change, runsMax }: DelayCase,
  seed: number,
  at: number,
  startMs: number,
): DelayResult {
  const only = sources.filter(({ kind, field }) => `${kind} ${field}` === source);
  const simulation = simulate(world, perDay, seed, only, at + 1);
  const widthMs = Math.max(minuteMs, Math.round(dayMs / perDay / minuteMs) * minuteMs);
  // The change falls on any day of the week at any time.
  const onsetMs =
    startMs + 5 * dayMs + Math.floor((((seed * 7919) % 1000) / 1000) * (dayMs / widthMs)) * widthMs;
  const changes = new Map([[source, change]]);
  let { baseline } = past;
  let state: WorkflowState = startState(baseline, startMs);
  const history = past.history.filter(({ kind, field }) => `${kind} ${field}` === source);
  const id = `w ${source}`;
  let runs = 0;
  for (let nowMs = startMs; runs < runsMax; nowMs += widthMs) {
    const buckets = simulation.buckets(nowMs, widthMs, nowMs >= onsetMs ? changes : undefined);
    if (nowMs >= onsetMs)
      for (const { counts } of buckets) for (const bin in counts) runs += counts[bin] ?? 0;
    if (buckets.length === 0) continue;
    const next = step(baseline, state, buckets, {
      throughMs: nowMs + widthMs,
      bucketMs: widthMs,
      budget: { falseAlarmsPer1000WorkflowDays: budget },
    });
    state = next.state;
    for (const bucket of buckets) history.push(bucket);
    if (baselineDue(baseline, state, 0) === "grow") {
      ({ baseline, state } = growBaseline(baseline, state, history, { bucketMs: widthMs }));
    }
    const drift = state.signals[id]?.drift;
    if (!drift) continue;
    if (nowMs < onsetMs) return { name, runs: -1, ...unknown };
    const { atMs, earliestMs, latestMs } = drift.onset;
    const onsetOutside = onsetMs < earliestMs || onsetMs > latestMs;
    return { name, runs, onsetErrorMs: atMs - onsetMs, onsetOutside };
  }
  return { name, runs: null, ...unknown };
}
