import type { Incident } from "../model/incident.ts";
import type { ReviewRow, RunRow } from "../model/rows.ts";
import type { SignalBucket } from "../model/signal.ts";

/** What can be read of a workflow's past, by name. */
export interface HistoryRows {
  /** Oldest first, by arrival. */
  runs: RunRow;
  reviews: ReviewRow;
  /** Newest first, by opening. */
  incidents: Incident;
  /** Oldest first, `missing` derived for every field that was seen by the end of the day. */
  buckets: SignalBucket;
  /** In order of first use. */
  versions: VersionUse;
}

export type HistoryKind = keyof HistoryRows;

/** Every kind of history. */
export const historyKinds = [
  "runs",
  "reviews",
  "incidents",
  "buckets",
  "versions",
] as const satisfies HistoryKind[];

/** A version as it was used in a span. */
export interface VersionUse {
  version: string;
  firstMs: number;
  lastMs: number;
  runs: number;
}

/** Which part of a past. Times in milliseconds since the epoch, the end exclusive. */
export interface HistoryQuery {
  workflow: string;
  fromMs: number;
  toMs: number;
  /** Width of buckets, whole minutes; a minute where it is not given. */
  stepMs?: number;
}

/**
 * The past as it is stored: `openStoredHistory` reads it from the data folder, `createRemoteHistory` asks the sidecar that
 * holds the folder.
 *
 * @throws {TransientError} and {PermanentError} as the store does.
 */
export interface History {
  /** Where it is read from, as people are told of it. */
  readonly name: string;
  /** Workflows that runs were counted of. */
  workflows(): Promise<string[]>;
  read<K extends HistoryKind>(kind: K, query: HistoryQuery): AsyncIterable<HistoryRows[K]>;
  close(): Promise<void>;
}

/** The span of a workflow's runs. */
export interface HistorySpan {
  fromMs: number;
  /** Exclusive. */
  toMs: number;
  runs: number;
}
