/**
 * How a state is kept: JSON whose signals are lists without names, times relative to the signal's current day. That takes
 * a quarter less than the state itself, and is the same state when it is read again.
 *
 *   { format: 2, …, signals: { id: signal } }
 *   signal  [dayMs, logEvidence, committed, read, hour, chunks, evidence, runs, drift, plugin, late]
 *   chunk   [at, n, hours, x, e, d, late]
 *   drift   [score, direction, [at, earliest, latest], detected, since, tilt, recovery, recoveryBefore]
 *   plugin  [day, fast, slow, today], each memory [seen, expected]
 *
 * What there is none of is 0, or left out at the end of a list. Format 1 was the state as it is in memory.
 */
import type { Backlog, Chunk, DriftState, Memory, PluginState, SignalState, WorkflowState } from "./state.ts";

type None = 0 | undefined;
type StoredMemory = [seen: number[], expected: number[]];
type StoredPlugin = [day: number, fast: StoredMemory, slow: StoredMemory, today: StoredMemory];
type StoredChunk = [
  at: number,
  n: number,
  hours: number,
  x: number[],
  e?: number[] | None,
  d?: number[] | None,
  late?: Backlog | None,
];
type StoredDrift = [
  score: number,
  direction: "up" | "down",
  onset: [number, number, number],
  detected: number,
  since: StoredChunk,
  tilt: number,
  recovery: number,
  recoveryBefore: number,
];
type StoredSignal = [
  dayMs: number,
  logEvidence: number[],
  committed: number,
  read: number,
  hour: number,
  chunks: StoredChunk[],
  evidence: number,
  runs: number,
  drift?: StoredDrift | None,
  plugin?: StoredPlugin | None,
  late?: number[] | None,
];
type StoredState = Omit<WorkflowState, "format" | "signals"> & {
  format: 2;
  signals: Record<string, StoredSignal>;
};

/** The text in which a state is kept. */
export function storeState(state: WorkflowState): string {
  const signals = Object.entries(state.signals).map(([id, signal]) => [id, storeSignal(signal)] as const);
  return JSON.stringify({ ...state, format: 2, signals: Object.fromEntries(signals) });
}

/** Reads a state again. */
export function readState(text: string): WorkflowState {
  const stored = JSON.parse(text) as WorkflowState | StoredState;
  if (stored.format === 1) return stored;
  const signals = Object.entries(stored.signals).map(([id, signal]) => [id, readSignal(signal)] as const);
  return { ...stored, format: 1, signals: Object.fromEntries(signals) };
}

/** One signal as it is kept. */
export function storeSignal(signal: SignalState): StoredSignal {
  const { dayMs, logEvidence, committedMs, readMs, hour, chunks, evidence, runs, drift, plugin, late } =
    signal;
  const list: StoredSignal = [
    dayMs,
    logEvidence,
    committedMs - dayMs,
    readMs - dayMs,
    hour,
    chunks.map((chunk) => storeChunk(chunk, dayMs)),
    evidence,
    runs,
    drift === null ? 0 : storeDrift(drift, dayMs),
    plugin === undefined ? 0 : storePlugin(plugin, dayMs),
    late ?? 0,
  ];
  return short(list, 8);
}

function readSignal(stored: StoredSignal): SignalState {
  const [dayMs, logEvidence, committed, read, hour, chunks, evidence, runs, drift, plugin, late] = stored;
  return {
    logEvidence,
    dayMs,
    committedMs: dayMs + committed,
    readMs: dayMs + read,
    hour,
    chunks: chunks.map((chunk) => readChunk(chunk, dayMs)),
    evidence,
    runs,
    drift: drift ? readDrift(drift, dayMs) : null,
    plugin: plugin ? readPlugin(plugin, dayMs) : undefined,
    late: late || undefined,
  };
}

function storeChunk({ atMs, n, hours, x, e, d, late }: Chunk, dayMs: number): StoredChunk {
  const list: StoredChunk = [atMs - dayMs, n, hours, x, e ?? 0, d ?? 0, late ?? 0];
  return short(list, 4);
}

function readChunk([at, n, hours, x, e, d, late]: StoredChunk, dayMs: number): Chunk {
  return { atMs: dayMs + at, n, hours, x, e: e || undefined, d: d || undefined, late: late || undefined };
}

function storeDrift(drift: DriftState, dayMs: number): StoredDrift {
  const { score, direction, onset, detectedMs, since, tilt, recovery, recoveryBefore } = drift;
  const { atMs, earliestMs, latestMs } = onset;
  const times: [number, number, number] = [atMs - dayMs, earliestMs - dayMs, latestMs - dayMs];
  const level = storeChunk(since, dayMs);
  return [score, direction, times, detectedMs - dayMs, level, tilt, recovery, recoveryBefore];
}

function readDrift(stored: StoredDrift, dayMs: number): DriftState {
  const [score, direction, [at, earliest, latest], detected, since, tilt, recovery, recoveryBefore] = stored;
  return {
    score,
    direction,
    onset: { atMs: dayMs + at, earliestMs: dayMs + earliest, latestMs: dayMs + latest },
    detectedMs: dayMs + detected,
    since: readChunk(since, dayMs),
    tilt,
    recovery,
    recoveryBefore,
  };
}

function storePlugin({ fast, slow, today, dayMs: ownMs }: PluginState, dayMs: number): StoredPlugin {
  const list = ({ seen, expected }: Memory): StoredMemory => [seen, expected];
  return [ownMs - dayMs, list(fast), list(slow), list(today)];
}

function readPlugin([day, fast, slow, today]: StoredPlugin, dayMs: number): PluginState {
  const memory = ([seen, expected]: StoredMemory): Memory => ({ seen, expected });
  return { fast: memory(fast), slow: memory(slow), today: memory(today), dayMs: dayMs + day };
}

/** Leaves out what there is none of at the end of a list, behind so many members. */
function short<T extends unknown[]>(list: T, least: number): T {
  while (list.length > least && list.at(-1) === 0) list.pop();
  return list;
}
