import { dayMs, hourMs } from "../model/clock.ts";
import { type SignalBucket, total } from "../model/signal.ts";
import { earlierMax, rounded, thinChunks, todayMax, withPlugins } from "./chunks.ts";
import { closeDriftDay } from "./drift.ts";
import { componentEvidence, memoryMs } from "./evidence.ts";
import type { Cohorts } from "./cohorts.ts";
import { backlogOf, labelsByAge, nextBacklog, runDays } from "./hazard.ts";
import { expectedLabelShare } from "./label.ts";
import { coarseBucket } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { hasPlugins, readPlugin, startPlugin } from "./plugin.ts";
import type { PreparedSignal } from "./prepare.ts";
import { scoreSum } from "./score.ts";
import { type Chunk, noEvidence, type SignalState } from "./state.ts";
import { expectedShares } from "./strata.ts";

/** Turns one bucket into a chunk: coarse counts, and what the baseline expected of them. */
export function observeBucket(signal: PreparedSignal, state: SignalState, bucket: SignalBucket): Chunk {
  const { baseline, index } = signal;
  const { startMs } = bucket;
  const x = coarseBucket(index, baseline.shares.length, bucket);
  const n = sum(x);
  let e: number[] | undefined;
  if (baseline.ages !== null) {
    const yes = expectedLabelShare(1 - (baseline.shares[0] ?? 0), baseline.ages, bucket.counts);
    e = [rounded(n * (1 - yes)), rounded(n * yes)];
  } else if (baseline.strata !== null) {
    e = sharesAt(signal, startMs).map((share) => rounded(share * n));
  }
  return { atMs: startMs, n, hours: hoursBegun(state, startMs), x, e, d: undefined, late: undefined };
}

/** What the baseline expects at a time, reckoned once an hour. */
function sharesAt({ baseline, lastHour }: PreparedSignal, atMs: number): readonly number[] {
  const hour = Math.floor(atMs / hourMs);
  if (hour !== lastHour.hour) {
    lastHour.shares = expectedShares(baseline, atMs);
    lastHour.hour = hour;
  }
  return lastHour.shares;
}

/** 1 where a chunk is the first of its hour. */
function hoursBegun({ hour }: SignalState, atMs: number): number {
  return Math.floor(atMs / hourMs) > hour ? 1 : 0;
}

function sum(counts: readonly number[]): number {
  let all = 0;
  for (const count of counts) all += count;
  return all;
}

/** A span within one hour of what is counted over time: what came in it, beside what was expected. */
export function observeCounted(
  signal: PreparedSignal,
  state: SignalState,
  cohorts: Cohorts,
  span: { toMs: number; counts: Readonly<Record<string, number>> },
): Chunk {
  if (signal.baseline.layout.shape === "hazard") return observeLabels(signal, state, cohorts, span);
  const fromMs = state.readMs;
  const perHour = sharesAt(signal, fromMs)[0] ?? 0;
  const n = rounded((perHour * (span.toMs - fromMs)) / hourMs);
  const hours = hoursBegun(state, fromMs);
  return { atMs: fromMs, n, hours, x: [total(span.counts)], e: undefined, d: undefined, late: undefined };
}

/** A share of runs: how many had something, out of how many. */
export function observeShare(state: SignalState, startMs: number, runs: number, hits: number): Chunk {
  const [hours, x] = [hoursBegun(state, startMs), [runs - hits, hits]];
  return { atMs: startMs, n: runs, hours, x, e: undefined, d: undefined, late: undefined };
}

/** The labels of a span within one hour, beside those that the runs before it lead one to expect. */
function observeLabels(
  signal: PreparedSignal,
  state: SignalState,
  cohorts: Cohorts,
  { toMs, counts }: { toMs: number; counts: Readonly<Record<string, number>> },
): Chunk {
  const { layout, shares } = signal.baseline;
  if (layout.shape !== "hazard") throw new RangeError("Cannot observe labels: the signal is no hazard");
  const fromMs = state.readMs;
  const exposure = runDays(layout, cohorts, fromMs, toMs);
  const now = sharesAt(signal, fromMs);
  const e = exposure.map((days, k) => rounded(days * (now[k] ?? 0)));
  // What counts as late must not depend on the hour of the day.
  const perDay = (dot(exposure, shares) * dayMs) / (toMs - fromMs);
  return {
    atMs: fromMs,
    n: rounded(sum(e)),
    hours: hoursBegun(state, fromMs),
    x: labelsByAge(layout, cohorts, fromMs, counts),
    e,
    d: undefined,
    late: backlogOf(state.late ?? [], perDay),
  };
}

/** Adds a chunk to a state, closing the day before where the chunk begins a new one. */
export function addChunk(
  signal: PreparedSignal,
  before: SignalState,
  chunk: Chunk,
  endMs: number,
): SignalState {
  const state = chunk.atMs >= before.dayMs + dayMs ? closeDay(signal, before, chunk.atMs) : { ...before };
  let judged = chunk;
  if (hasPlugins(signal.baseline)) {
    const memory = state.plugin ?? startPlugin(chunk.x.length, chunk.atMs);
    const { logs, state: plugin } = readPlugin(signal.baseline, memory, chunk);
    judged = withPlugins(chunk, logs);
    state.plugin = plugin;
  }
  if (chunk.late !== undefined) state.late = lateAfter(signal, state.late ?? [], chunk, endMs);
  const chunks = [...state.chunks, judged];
  state.chunks = thinChunks(chunks, todayMax, firstOfDay(chunks, state.dayMs));
  state.hour = Math.floor(chunk.atMs / hourMs);
  state.readMs = endMs;
  state.runs += sum(chunk.x);
  return state;
}

/** Index of the first chunk of a day that has begun. */
function firstOfDay(chunks: readonly Chunk[], startMs: number): number {
  let at = chunks.length;
  while (at > 0 && (chunks[at - 1]?.atMs ?? 0) >= startMs) at--;
  return at;
}

function lateAfter(
  { baseline, ones }: PreparedSignal,
  late: readonly number[],
  chunk: Chunk,
  endMs: number,
): number[] {
  const sums = (counts: readonly number[]): number[] =>
    baseline.scores.map(({ values }, at) => scoreSum(ones[at] ?? null, values, counts));
  return nextBacklog(late, sums(chunk.x), sums(chunk.e ?? []), endMs - chunk.atMs);
}

/** Folds the evidence of the current day into `logEvidence` and begins the day that holds `nowMs`. */
function closeDay(signal: PreparedSignal, state: SignalState, nowMs: number): SignalState {
  const endMs = state.dayMs + dayMs;
  const log = componentEvidence(signal, state, endMs);
  const forgotten = (Math.floor(nowMs / dayMs) * dayMs - state.dayMs) / memoryMs;
  return {
    ...state,
    logEvidence: log.map((value) => Math.round(Math.max(noEvidence, value - forgotten) * 1e3) / 1e3),
    dayMs: Math.floor(nowMs / dayMs) * dayMs,
    committedMs: endMs,
    // What the plug-ins say is of use within the day alone.
    chunks: thinChunks(
      state.chunks.map((chunk) => (chunk.d === undefined ? chunk : withPlugins(chunk, undefined))),
      earlierMax,
    ),
    drift: state.drift === null ? null : closeDriftDay(signal, state.drift),
  };
}
