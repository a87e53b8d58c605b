import type { TransientError } from "../model/errors.ts";
import type { RowBatch } from "../model/rows.ts";
import type { Run } from "../model/run.ts";

/** Where accepted rows go. `createSpool` is the one implementation in the product. */
export interface Sink {
  /**
   * Makes the rows of one request durable, and with them the ids that it claimed.
   *
   * Resolves once they are synced to disk, in the order of the calls: an empty batch resolves after everything
   * that was appended before it, so a retry of a request in flight waits for the original.
   *
   * @throws {TransientError} If the spool is at its limit or the disk is full. Nothing was kept then.
   */
  append(batch: RowBatch, claims: readonly string[]): Promise<void>;
}

/**
 * Remembers the ids of runs, steps, reviews and outcomes that were accepted, so that a client's retry is
 * recognised and nothing is counted twice. Bounded: the oldest ids are forgotten first. Survives restarts
 * (ids travel with the rows into the spool).
 */
export interface SeenIds {
  /** True and remembered if the id is new; false if it was claimed before. */
  claim(id: string): boolean;
  /** Takes a claim back, after an append that failed. */
  release(id: string): void;
}

/** An outcome or a decision that came before its run. */
export interface WaitingEntry {
  id: string;
  /** The run's id, or workflow and business key. */
  awaits: string;
  sinceMs: number;
}

/** Keeps what waits for its run, across restarts. The journal implements it; every call is durable on return. */
export interface WaitingShelf {
  /** Does nothing for ids that are kept already. */
  put(entries: readonly (WaitingEntry & { /** JSON, clean already. */ body: string })[]): void;
  remove(ids: readonly string[]): void;
  /** Oldest first. */
  all(): WaitingEntry[];
  bodies(ids: readonly string[]): { id: string; body: string }[];
}

/** A run, redacted, whose trace may still bring its root. */
export interface HeldRun {
  run: Run;
  /** When the last span of its trace came. */
  sinceMs: number;
}

/** Keeps held runs on disk until they have become rows. `openPendingLog` is the one implementation in the product. */
export interface PendingLog {
  /** What an earlier life of the process held, in the order of the waiting. Some of it may have become rows since. */
  readonly restored: readonly HeldRun[];
  /** Resolves once they are synced to disk; to a fault if the disk refused them. */
  append(held: readonly HeldRun[]): Promise<TransientError | null>;
  /** Lets go of what was held before a time. */
  forget(beforeMs: number): void;
  close(): Promise<void>;
}
