import { minuteMs } from "../model/clock.ts";
import type { SignalBucket } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { WorkflowBaseline } from "./baseline.ts";
import type { Budget } from "./budget.ts";
import { prepare } from "./prepare.ts";
import { createReader } from "./reader.ts";
import type { WorkflowState } from "./state.ts";
import { workflowVerdicts } from "./verdicts.ts";

/** How far to read, and what was promised. */
export interface StepOptions {
  /** Everything before this time is in `buckets`; minutes without a bucket had no observations. */
  throughMs: number;
  budget: Budget;
  /** Width of a bucket. */
  bucketMs: number;
}

/**
 * Reads the closed minutes since the last call and judges every signal.
 *
 * The result depends on the buckets and their order only, not on how they are spread over calls.
 *
 * @param buckets New buckets, at most one for each signal and minute; those before the state's position are
 *   ignored.
 * @returns The next state, and one verdict for each signal, known or not.
 */
export function step(
  baseline: WorkflowBaseline,
  state: WorkflowState,
  buckets: readonly SignalBucket[],
  options: Pick<StepOptions, "throughMs"> & Partial<StepOptions>,
): { state: WorkflowState; verdicts: SignalVerdict[] } {
  const settings = { budget: { falseAlarmsPer1000WorkflowDays: 1 }, bucketMs: minuteMs, ...options };
  const prepared = prepare(baseline);
  const reader = createReader(prepared, state, settings);
  for (const [startMs, slice] of slices(buckets, state.throughMs)) reader.read(startMs, slice);
  reader.wait(settings.throughMs);
  const next = reader.state();
  return { state: next, verdicts: workflowVerdicts(prepared, next, settings.budget) };
}

/** Buckets by start, oldest first. */
function slices(buckets: readonly SignalBucket[], fromMs: number): [number, SignalBucket[]][] {
  const byStart = new Map<number, SignalBucket[]>();
  for (const bucket of buckets) {
    if (bucket.startMs < fromMs) continue;
    const slice = byStart.get(bucket.startMs);
    if (slice === undefined) byStart.set(bucket.startMs, [bucket]);
    else slice.push(bucket);
  }
  return [...byStart].sort(([a], [b]) => a - b);
}
