import { hourMs, minuteMs } from "../model/clock.ts";
import { type SignalBucket, signalId, total } from "../model/signal.ts";
import { appearanceSignal } from "./appearance.ts";
import { alarmLevel, type Budget, workflowDays } from "./budget.ts";
import { followDrift, hasRecovered, openDrift } from "./drift.ts";
import { componentEvidence, mixedEvidence } from "./evidence.ts";
import { addChunk, observeBucket, observeShare, observeVolume } from "./observe.ts";
import type { Prepared, PreparedSignal } from "./prepare.ts";
import { type Chunk, type SignalState, startSignal, type UnknownState, type WorkflowState } from "./state.ts";

/** Volume looks at the clock, not only at runs: silence is noticed at these marks. */
const markMs = 5 * minuteMs;

/** Takes a workflow's state through time. */
export interface Reader {
  /** Takes in all buckets of one start. */
  read(startMs: number, slice: readonly SignalBucket[]): void;
  /** Lets time pass: volume is judged at every mark up to a time. */
  wait(untilMs: number): void;
  /** The state as it stands. */
  state(): WorkflowState;
}

/** Creates a reader that starts from a state and leaves it as it was. */
export function createReader(
  prepared: Prepared,
  before: WorkflowState,
  { budget, bucketMs, throughMs }: { budget: Budget; bucketMs: number; throughMs: number },
): Reader {
  const signals = { ...before.signals };
  const unknown = { ...before.unknown };
  const volume = prepared.signals.find(({ baseline }) => baseline.kind === "volume");
  let readMs = before.throughMs;

  const take = (signal: PreparedSignal, observe: (state: SignalState) => Chunk, endMs: number): void => {
    const state = signals[signal.id] ?? startSignal(signal.components.length, before.fromMs);
    signals[signal.id] = takeChunk(signal, state, observe(state), endMs);
  };
  const passVolume = (toMs: number, runs: number): void => {
    if (volume === undefined) return;
    let fromMs = signals[volume.id]?.readMs ?? before.fromMs;
    while (fromMs < toMs) {
      const endMs = Math.min(toMs, (Math.floor(fromMs / hourMs) + 1) * hourMs);
      take(volume, (state) => observeVolume(volume, state, endMs, endMs === toMs ? runs : 0), endMs);
      fromMs = endMs;
    }
  };
  const wait = (untilMs: number): void => {
    if (volume === undefined) return;
    const fromMs = signals[volume.id]?.readMs ?? before.fromMs;
    for (let mark = (Math.floor(fromMs / markMs) + 1) * markMs; mark <= untilMs; mark += markMs) {
      passVolume(mark, 0);
      raiseAlarms(prepared, signals, [volume], budget, mark);
    }
  };
  const read = (startMs: number, slice: readonly SignalBucket[]): void => {
    const endMs = startMs + bucketMs;
    wait(startMs);
    const touched: PreparedSignal[] = [];
    for (const bucket of slice) {
      const id = signalId(bucket);
      const signal = prepared.byId.get(id);
      if (signal === undefined) unknown[id] = countUnknown(unknown[id], bucket);
      else if (signal === volume) passVolume(endMs, total(bucket.counts));
      else take(signal, (state) => observeBucket(signal, state, bucket), endMs);
      if (signal !== undefined) touched.push(signal);
    }
    for (const { signal, runs, hits } of appearances(prepared, unknown, slice)) {
      if (runs > 0) take(signal, (state) => observeShare(state, startMs, runs, hits), endMs);
      touched.push(signal);
    }
    raiseAlarms(prepared, signals, touched, budget, endMs);
    readMs = endMs;
  };
  const state = (): WorkflowState => ({
    ...before,
    throughMs: Math.max(readMs, throughMs),
    signals,
    unknown,
  });
  return { read, wait, state };
}

function countUnknown(
  before: UnknownState | undefined,
  { kind, field, startMs, counts }: SignalBucket,
): UnknownState {
  const seen = before ?? { kind, field, runs: 0, firstMs: startMs };
  return { ...seen, runs: seen.runs + total(counts) };
}

/** New keys, and in how many of a slice's runs each was present. */
function appearances(
  { baseline }: Prepared,
  unknown: Readonly<Record<string, UnknownState>>,
  slice: readonly SignalBucket[],
): { signal: PreparedSignal; runs: number; hits: number }[] {
  const all = slice.reduce((sum, { kind, counts }) => (kind === "volume" ? sum + total(counts) : sum), 0);
  return Object.values(unknown).flatMap((entry) => {
    const signal = appearanceSignal(baseline, entry);
    if (signal === null) return [];
    const own = slice.find(({ kind, field }) => kind === entry.kind && field === entry.field);
    const hits = own === undefined ? 0 : total(own.counts);
    return [{ signal, runs: Math.max(all, hits), hits }];
  });
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
  const isLoud = ({ id }: PreparedSignal): boolean => {
    const state = signals[id];
    return state !== undefined && state.drift === null && state.evidence >= floor;
  };
  const loud = touched.filter(isLoud);
  if (loud.length === 0) return;
  const calm = Object.values(signals).filter(({ drift }) => drift === null);
  const level = alarmLevel(
    calm.map(({ evidence }) => evidence),
    prepared.signals.length,
    days,
  );
  for (const signal of loud) {
    const state = signals[signal.id];
    if (state === undefined || state.evidence < level) continue;
    const log = componentEvidence(signal, state, nowMs);
    signals[signal.id] = { ...state, drift: openDrift(signal, state, log, nowMs) };
  }
}
