import { hourMs, minuteMs } from "../model/clock.ts";
import { type SignalBucket, signalId, total } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { WorkflowBaseline } from "./baseline.ts";
import { alarmLevel, type Budget, workflowDays } from "./budget.ts";
import { followDrift, hasRecovered, openDrift } from "./drift.ts";
import { componentEvidence, mixedEvidence } from "./evidence.ts";
import { addChunk, observeBucket, observeVolume } from "./observe.ts";
import { type Prepared, type PreparedSignal, prepare } from "./prepare.ts";
import { type Chunk, type SignalState, startSignal, type WorkflowState } from "./state.ts";
import { workflowVerdicts } from "./verdicts.ts";

/** How far to read, and what was promised. */
export interface StepOptions {
  /** Everything before this time is in `buckets`; minutes without a bucket had no observations. */
  throughMs: number;
  budget: Budget;
  /** Width of a bucket. */
  bucketMs: number;
}

/** Volume looks at the clock, not only at runs: silence is noticed at these marks. */
const markMs = 5 * minuteMs;

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

interface Reader {
  /** Takes in all buckets of one start. */
  read(startMs: number, slice: readonly SignalBucket[]): void;
  /** Lets time pass: volume is judged at every mark up to a time. */
  wait(untilMs: number): void;
  state(): WorkflowState;
}

function createReader(prepared: Prepared, before: WorkflowState, settings: StepOptions): Reader {
  const signals = { ...before.signals };
  const unknown = { ...before.unknown };
  const volume = prepared.signals.find(({ baseline }) => baseline.kind === "volume");
  const stateOf = ({ id, components }: PreparedSignal): SignalState =>
    signals[id] ?? startSignal(components.length, before.throughMs);
  let throughMs = before.throughMs;

  const take = (signal: PreparedSignal, chunk: Chunk, endMs: number): void => {
    signals[signal.id] = takeChunk(signal, stateOf(signal), chunk, endMs);
  };
  const passVolume = (toMs: number, runs: number): void => {
    if (volume === undefined) return;
    let fromMs = stateOf(volume).readMs;
    while (fromMs < toMs) {
      const endMs = Math.min(toMs, (Math.floor(fromMs / hourMs) + 1) * hourMs);
      take(volume, observeVolume(volume, stateOf(volume), endMs, endMs === toMs ? runs : 0), endMs);
      fromMs = endMs;
    }
  };
  const wait = (untilMs: number): void => {
    if (volume === undefined) return;
    let mark = (Math.floor(stateOf(volume).readMs / markMs) + 1) * markMs;
    for (; mark <= untilMs; mark += markMs) {
      passVolume(mark, 0);
      raiseAlarms(prepared, signals, [volume], settings.budget, mark);
    }
  };
  const read = (startMs: number, slice: readonly SignalBucket[]): void => {
    const endMs = startMs + settings.bucketMs;
    wait(startMs);
    const touched: PreparedSignal[] = [];
    for (const bucket of slice) {
      const id = signalId(bucket);
      const signal = prepared.byId.get(id);
      if (signal === undefined) {
        const seen = unknown[id] ?? { kind: bucket.kind, field: bucket.field, runs: 0, firstMs: startMs };
        unknown[id] = { ...seen, runs: seen.runs + total(bucket.counts) };
      } else if (signal === volume) passVolume(endMs, total(bucket.counts));
      else take(signal, observeBucket(signal, stateOf(signal), bucket), endMs);
      if (signal !== undefined) touched.push(signal);
    }
    raiseAlarms(prepared, signals, touched, settings.budget, endMs);
    throughMs = endMs;
  };
  const state = (): WorkflowState => ({
    format: 1,
    throughMs: Math.max(throughMs, settings.throughMs),
    signals,
    unknown,
  });
  return { read, wait, state };
}

/** Adds a chunk, refreshes the evidence, and follows an open drift until it has gone. */
function takeChunk(signal: PreparedSignal, before: SignalState, chunk: Chunk, endMs: number): SignalState {
  const state = addChunk(signal, before, chunk, endMs);
  state.evidence = Math.round(mixedEvidence(signal, componentEvidence(signal, state, endMs)) * 1e6) / 1e6;
  if (state.drift === null) return state;
  const drift = followDrift(signal, state.drift, chunk, endMs - chunk.atMs);
  if (!hasRecovered(drift)) return { ...state, drift };
  return { ...startSignal(signal.components.length, endMs), hour: state.hour, runs: state.runs };
}

/** Opens a drift for every signal whose evidence reaches the level of this moment. */
function raiseAlarms(
  prepared: Prepared,
  signals: Record<string, SignalState>,
  touched: readonly PreparedSignal[],
  budget: Budget,
  nowMs: number,
): void {
  const days = workflowDays(budget);
  const floor = Math.log(days);
  const candidates = touched.filter(
    ({ id }) => (signals[id]?.evidence ?? -Infinity) >= floor && !signals[id]?.drift,
  );
  if (candidates.length === 0) return;
  const calm = prepared.signals.filter(({ id }) => !signals[id]?.drift);
  const level = alarmLevel(
    calm.map(({ id }) => signals[id]?.evidence ?? -Infinity),
    prepared.signals.length,
    days,
  );
  for (const signal of candidates) {
    const state = signals[signal.id];
    if (state === undefined || state.evidence < level) continue;
    const log = componentEvidence(signal, state, nowMs);
    signals[signal.id] = { ...state, drift: openDrift(signal, state, log, nowMs) };
  }
}
