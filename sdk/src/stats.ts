/**
 * What became of everything the SDK was given: runs (with their steps), steps that ended after their run,
 * reviews and outcomes. Each is delivered, waiting or dropped.
 */
export interface Stats {
  /** Acknowledged by the sidecar. */
  delivered: number;
  /** Waiting to be sent. */
  waiting: number;
  /** Memory they take, in bytes; an estimate until they are encoded. */
  waitingBytes: number;
  /** Never delivered, by reason. */
  dropped: Record<DropReason, number>;
  /** Spans and log records that the sidecar took but could not read (partial success). */
  rejected: number;
  /** Requests that failed and were tried again. */
  retries: number;
}

/**
 * Why something was dropped: no room in the queue, the client was shut down, the sidecar refused the request
 * for good, the value could not be captured, or the host's tracer does not record.
 */
export type DropReason = "queue_full" | "shut_down" | "refused" | "capture_failed" | "not_recorded";

/** Counters at zero. */
export function createStats(): Stats {
  return {
    delivered: 0,
    waiting: 0,
    waitingBytes: 0,
    dropped: { queue_full: 0, shut_down: 0, refused: 0, capture_failed: 0, not_recorded: 0 },
    rejected: 0,
    retries: 0,
  };
}

/** Counts a drop; the first of each reason is also a process warning, so that none is silent. */
export function countDrop(stats: Stats, reason: DropReason, count = 1): void {
  if (stats.dropped[reason] === 0) {
    process.emitWarning(`Evenkeel has begun to drop runs (${reason}); stats() has the counts`, {
      type: "EvenkeelWarning",
      code: `EVENKEEL_DROPPED_${reason.toUpperCase()}`,
    });
  }
  stats.dropped[reason] += count;
}
