import { hourMs, minuteMs } from "../model/clock.ts";
import { type SignalBucket, signalId, total } from "../model/signal.ts";
import { appearanceSignal } from "./appearance.ts";
import { alarmLevel, type Budget, workflowDays } from "./budget.ts";
import { addRuns } from "./cohorts.ts";
import { followDrift, hasRecovered, openDrift } from "./drift.ts";
import { componentEvidence, signalEvidence } from "./evidence.ts";
import { isCounted } from "./layout.ts";
import { addChunk, observeBucket, observeCounted, observeShare } from "./observe.ts";
import type { Prepared, PreparedSignal } from "./prepare.ts";
import { type Chunk, type SignalState, startSignal, type UnknownState, type WorkflowState } from "./state.ts";

/** Volume looks at the clock, not only at runs: silence is noticed at these marks, and missing labels on the hour. */
const markMs = 5 * minuteMs;

/** Takes a workflow's state through time. */
export interface Reader {
  /** Takes in all buckets of one start. */
  read(startMs: number, slice: readonly SignalBucket[]): void;
  /** Lets time pass: what is counted over time is judged at every mark up to a time. */
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
  const counted = prepared.signals.filter(({ baseline }) => isCounted(baseline.layout));
  const volume = counted.find(({ baseline }) => baseline.layout.shape === "volume");
  const hasHazard = counted.some(({ baseline }) => baseline.layout.shape === "hazard");
  let cohorts = before.cohorts ?? { fromMs: Math.ceil(before.throughMs / hourMs) * hourMs, runs: [] };
  let readMs = before.throughMs;

  const stateOf = ({ id, components }: PreparedSignal): SignalState =>
    signals[id] ?? startSignal(components.length, before.fromMs);
  const take = (signal: PreparedSignal, observe: (state: SignalState) => Chunk, endMs: number): void => {
    const state = stateOf(signal);
    signals[signal.id] = takeChunk(signal, state, observe(state), endMs);
  };
  const pass = (signal: PreparedSignal, toMs: number, counts: Record<string, number>): void => {
    for (const endMs of hoursTo(stateOf(signal).readMs, toMs)) {
      const came = endMs === toMs ? counts : {};
      take(signal, (state) => observeCounted(signal, state, cohorts, { toMs: endMs, counts: came }), endMs);
    }
  };
  const wait = (untilMs: number): void => {
    const fromMs = Math.min(...counted.map((signal) => stateOf(signal).readMs));
    for (let mark = (Math.floor(fromMs / markMs) + 1) * markMs; mark <= untilMs; mark += markMs) {
      const asked = mark % hourMs === 0 ? counted : counted.filter((signal) => signal === volume);
      const due = asked.filter((signal) => stateOf(signal).readMs < mark);
      for (const signal of due) pass(signal, mark, {});
      raiseAlarms(prepared, signals, due, budget, mark);
    }
  };
  const read = (startMs: number, slice: readonly SignalBucket[]): void => {
    const endMs = startMs + bucketMs;
    wait(startMs);
    const touched = slice.map((bucket) => prepared.byId.get(signalId(bucket)));
    if (hasHazard) cohorts = addRuns(cohorts, startMs, runsIn(slice));
    for (const [at, bucket] of slice.entries()) {
      const signal = touched[at];
      if (signal === undefined) countUnknown(unknown, bucket);
      else if (isCounted(signal.baseline.layout)) pass(signal, endMs, bucket.counts);
      else take(signal, (state) => observeBucket(signal, state, bucket), endMs);
    }
    for (const { signal, runs, hits } of appearances(prepared, unknown, slice)) {
      if (runs > 0) take(signal, (state) => observeShare(state, startMs, runs, hits), endMs);
      touched.push(signal);
    }
    raiseAlarms(prepared, signals, touched.filter(isKnown), budget, endMs);
    readMs = endMs;
  };
  const state = (): WorkflowState => ({
    ...before,
    throughMs: Math.max(readMs, throughMs),
    signals,
    unknown,
    ...(hasHazard ? { cohorts } : {}),
  });
  return { read, wait, state };
}

function isKnown(signal: PreparedSignal | undefined): signal is PreparedSignal {
  return signal !== undefined;
}

/** The ends of the spans, each within one hour, by which what is counted over time is read; its counts come last. */
function hoursTo(fromMs: number, toMs: number): number[] {
  const ends: number[] = [];
  for (let endMs = fromMs; endMs < toMs; ) {
    endMs = Math.min(toMs, (Math.floor(endMs / hourMs) + 1) * hourMs);
    ends.push(endMs);
  }
  return ends;
}

function countUnknown(unknown: Record<string, UnknownState>, bucket: SignalBucket): void {
  const { kind, field, startMs, counts } = bucket;
  const id = signalId(bucket);
  const seen = unknown[id] ?? { kind, field, runs: 0, firstMs: startMs };
  unknown[id] = { ...seen, runs: seen.runs + total(counts) };
}

function runsIn(slice: readonly SignalBucket[]): number {
  return slice.reduce((sum, bucket) => (bucket.kind === "volume" ? sum + total(bucket.counts) : sum), 0);
}

/** New keys, and in how many of a slice's runs each was present. */
function appearances(
  { baseline }: Prepared,
  unknown: Readonly<Record<string, UnknownState>>,
  slice: readonly SignalBucket[],
): { signal: PreparedSignal; runs: number; hits: number }[] {
  const all = runsIn(slice);
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
  state.evidence = Math.round(signalEvidence(signal, state, endMs) * 1e6) / 1e6;
  if (state.drift === null) return state;
  const today = state.chunks.filter(({ atMs }) => atMs >= state.dayMs);
  const drift = followDrift(signal, state.drift, chunk, { today, nowMs: endMs });
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
