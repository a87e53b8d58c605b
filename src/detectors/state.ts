import { dayMs } from "../model/clock.ts";
import type { SignalKind } from "../model/signal.ts";
import type { WorkflowBaseline } from "./baseline.ts";
import type { Cohorts } from "./cohorts.ts";

/**
 * Where the detectors of one workflow stand: plain data, saved with the position of the sweep (as `stored-state.ts` says).
 *
 * Evidence of the days before today is one number for each component (`logEvidence`). Today, and the recent
 * past for the sake of onset and figures, is a list of *chunks*: counts between two times. The evidence since
 * any chunk's start follows from the counts, so a chunk's start is where a drift may have begun.
 */
export interface WorkflowState {
  format: 1;
  /** Where reading began. */
  fromMs: number;
  /** Everything before this has been read, in milliseconds since the epoch. 0 before the first step. */
  throughMs: number;
  signals: Record<string, SignalState>;
  /** Signals that the baseline does not know, by id. */
  unknown: Record<string, UnknownState>;
  /** Runs that delayed labels are still to come of, where any of these is watched by its hazard. */
  cohorts?: Cohorts;
}

/** Counts of one signal between `atMs` and the start of the next chunk. */
export interface Chunk {
  atMs: number;
  /** Observations; for what is counted over time those that were expected. */
  n: number;
  /** Hours that began to have observations in this chunk. */
  hours: number;
  /** *k* counts. */
  x: number[];
  /** *k* expected counts, where they differ from n times the baseline's shares. */
  e?: number[] | undefined;
  /** Undamped log likelihood ratio of each plug-in, for categories. */
  d?: number[] | undefined;
  /** What was behind its time at the start of the chunk, for delayed labels of which only "yes" is told. */
  late?: Backlog | undefined;
}

/** What is behind its time at some moment. */
export interface Backlog {
  /** Of each score the labels that are missing, and may come late. */
  labels: number[];
  /** The days that it would take to bring those of the last score. */
  days: number;
}

/** Where one signal stands. */
export interface SignalState {
  /** Logarithm of each component's evidence (in days) at the end of the day before `dayMs`. */
  logEvidence: number[];
  /** Start of the current day, and the end of the span whose starts are in `logEvidence`. */
  dayMs: number;
  committedMs: number;
  /** End of what was read, for what is counted over time: the time without any counts too. */
  readMs: number;
  /** The latest hour with observations, from the epoch. */
  hour: number;
  /** Oldest first; those at or after `dayMs` are today's. */
  chunks: Chunk[];
  /** Logarithm of the evidence over all components, in days. */
  evidence: number;
  /** Observations read since the baseline. */
  runs: number;
  drift: DriftState | null;
  /** What the plug-ins of a category remember. */
  plugin?: PluginState | undefined;
  /** Of each score the labels that may still come late. */
  late?: number[] | undefined;
}

/** What the plug-ins remember: forgotten counts of two memories, and of the current day for the daily one. */
export interface PluginState {
  /** *k* counts seen and expected, as of now and as of the last midnight. */
  fast: Memory;
  slow: Memory;
  today: Memory;
  dayMs: number;
}

/** Exponentially forgotten counts of *k* categories. */
export interface Memory {
  seen: number[];
  expected: number[];
}

/** A drift that was found and has not gone back. */
export interface DriftState {
  /** Index of the score, and the direction in which it moved. */
  score: number;
  direction: "up" | "down";
  onset: { atMs: number; earliestMs: number; latestMs: number };
  detectedMs: number;
  /** Counts since the onset. */
  since: Chunk;
  /** Tilt of the score against which a recovery is judged, from the level of the drift before anything spoke for one. */
  tilt: number;
  /** Logarithm of the evidence (in days) for being back at the baseline: now, and at the start of the day. */
  recovery: number;
  recoveryBefore: number;
}

/** A signal that appeared after the baseline was learned. */
export interface UnknownState {
  kind: SignalKind;
  field: string;
  runs: number;
  firstMs: number;
}

/** The logarithm that stands for no evidence at all; JSON has no minus infinity. */
export const noEvidence = -99;

/** The state before anything has been read. Reading begins at the end of the baseline unless told otherwise. */
export function startState(baseline: WorkflowBaseline, fromMs: number = baseline.toMs): WorkflowState {
  return { format: 1, fromMs, throughMs: fromMs, signals: {}, unknown: {} };
}

/** The state of one signal before anything has been read. */
export function startSignal(components: number, atMs: number): SignalState {
  return {
    logEvidence: new Array<number>(components).fill(noEvidence),
    dayMs: Math.floor(atMs / dayMs) * dayMs,
    committedMs: atMs,
    readMs: atMs,
    hour: -1,
    chunks: [],
    evidence: noEvidence,
    runs: 0,
    drift: null,
    // Named here, so that all states have one shape: V8 reads objects of many shapes slowly.
    plugin: undefined,
    late: undefined,
  };
}
