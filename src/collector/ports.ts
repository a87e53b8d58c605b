import type { RowBatch } from "../model/rows.ts";

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
