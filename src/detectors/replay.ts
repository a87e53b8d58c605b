import { minuteMs } from "../model/clock.ts";
import type { SignalBucket } from "../model/signal.ts";
import { signalId } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import { type LearnOptions, learnDefaults, type WorkflowBaseline } from "./baseline.ts";
import type { Budget } from "./budget.ts";
import { baselineDue, growBaseline } from "./grow.ts";
import { learnBaseline } from "./learn.ts";
import { startState, type WorkflowState } from "./state.ts";
import { step } from "./step.ts";

/** How history is replayed. */
export interface ReplayOptions {
  budget: Budget;
  /** Width of the buckets. */
  bucketMs: number;
  /** How often the monitor would have looked. A whole number of buckets. */
  sweepMs: number;
  learn: Partial<LearnOptions>;
  /** Takes a drift for the new normal once it has lasted so long, as its owner would; never by default. */
  acceptAfterMs: number;
  /** Replays against this baseline instead of learning one. */
  baseline?: WorkflowBaseline;
}

/** A signal that began to drift or came back. */
export interface VerdictChange extends SignalVerdict {
  change: "drift" | "recovered";
}

/** Where a replay stands after one sweep. */
export interface ReplayProgress {
  throughMs: number;
  changes: VerdictChange[];
  baseline: WorkflowBaseline | null;
}

/**
 * Replays stored buckets of one workflow as the sweep would have seen them: waits for enough runs, learns a
 * baseline, lets it grow, and yields what changed at each sweep.
 *
 * @param buckets All buckets of the workflow, any order, `missing` derived.
 */
export function* replay(
  buckets: readonly SignalBucket[],
  options: Partial<ReplayOptions> = {},
): Generator<ReplayProgress, void> {
  const settings = {
    budget: { falseAlarmsPer1000WorkflowDays: 1 },
    bucketMs: minuteMs,
    sweepMs: minuteMs,
    learn: {},
    acceptAfterMs: Infinity,
    ...options,
  };
  const learn = { ...learnDefaults, ...settings.learn, bucketMs: settings.bucketMs };
  const sorted = [...buckets].sort((a, b) => a.startMs - b.startMs);
  let baseline = settings.baseline ?? null;
  let state: WorkflowState | null = baseline === null ? null : startState(baseline, sorted[0]?.startMs);
  let drifting = new Set<string>();
  let read = 0;
  let runs = 0;
  while (read < sorted.length) {
    const from = sorted[read]?.startMs ?? 0;
    const throughMs = (Math.floor(from / settings.sweepMs) + 1) * settings.sweepMs;
    const first = read;
    while (read < sorted.length && (sorted[read]?.startMs ?? Infinity) < throughMs) read += 1;
    const slice = sorted.slice(first, read);
    runs += runsIn(slice);
    if (baseline === null || state === null) {
      if (baselineDue(null, null, runs, learn) === "learn") {
        baseline = learnBaseline(sorted.slice(0, read), { ...learn, toMs: throughMs });
        state = startState(baseline, throughMs);
      }
      yield { throughMs, changes: [], baseline };
      continue;
    }
    const result = step(baseline, state, slice, { ...settings, throughMs });
    state = result.state;
    const changes = changesOf(result.verdicts, drifting);
    drifting = new Set(
      result.verdicts.filter(({ verdict }) => verdict.kind === "drift").map(({ signal }) => signalId(signal)),
    );
    if (settings.baseline === undefined && baselineDue(baseline, state, runs, learn) === "grow") {
      ({ baseline, state } = growBaseline(baseline, state, sorted.slice(0, read), learn));
    }
    yield { throughMs, changes, baseline };
    const onsetMs = lastingOnset(state, throughMs - settings.acceptAfterMs);
    if (onsetMs === null) continue;
    const since = sorted.slice(0, read).filter(({ startMs }) => startMs >= onsetMs);
    baseline = learnBaseline(since, { ...learn, toMs: throughMs });
    state = startState(baseline, throughMs);
    drifting = new Set();
  }
}

/** The latest onset, if any drift was found before a time. */
function lastingOnset(state: WorkflowState, beforeMs: number): number | null {
  const drifts = Object.values(state.signals).flatMap(({ drift }) => (drift === null ? [] : [drift]));
  if (!drifts.some(({ detectedMs }) => detectedMs < beforeMs)) return null;
  return Math.max(...drifts.map(({ onset }) => onset.atMs));
}

/** Runs in a slice: its volume, or the busiest signal where volume is not counted. */
function runsIn(slice: readonly SignalBucket[]): number {
  const sums = new Map<string, number>();
  for (const bucket of slice) {
    const id = signalId(bucket);
    let sum = sums.get(id) ?? 0;
    for (const bin in bucket.counts) sum += bucket.counts[bin] ?? 0;
    sums.set(id, sum);
  }
  for (const bucket of slice) if (bucket.kind === "volume") return sums.get(signalId(bucket)) ?? 0;
  return Math.max(0, ...sums.values());
}

function changesOf(verdicts: readonly SignalVerdict[], drifting: ReadonlySet<string>): VerdictChange[] {
  return verdicts.flatMap((verdict): VerdictChange[] => {
    const before = drifting.has(signalId(verdict.signal));
    const now = verdict.verdict.kind === "drift";
    if (before === now) return [];
    return [{ ...verdict, change: now ? "drift" : "recovered" }];
  });
}
