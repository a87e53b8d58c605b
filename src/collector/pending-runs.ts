import type { Run } from "../model/run.ts";

/** Runs of traces whose root has not been seen. */
export interface PendingRuns {
  /** Holds a candidate; the earlier start wins. Each span of the trace renews the wait. */
  hold(run: Run, nowMs: number): void;
  /** The trace has a run of its own now. */
  drop(traceId: string): void;
  /** Takes out the candidates that have waited long enough. */
  takeDue(nowMs: number): Run[];
}

/**
 * Creates the waiting room. Its spans are stored as steps already, so a crash loses no data, only the promotion to a
 * run. Bounded: past `runsMax`, the one that waited longest is due at once.
 */
export function createPendingRuns(waitMs: number, runsMax = 10_000): PendingRuns {
  const waiting = new Map<string, { run: Run; sinceMs: number }>();
  return {
    hold(run, nowMs) {
      const before = waiting.get(run.traceId)?.run;
      const kept = before !== undefined && before.startedAtMs <= run.startedAtMs ? before : run;
      // Set anew, so that the map stays in the order of waiting.
      waiting.delete(run.traceId);
      waiting.set(run.traceId, { run: kept, sinceMs: nowMs });
    },
    drop: (traceId) => void waiting.delete(traceId),
    takeDue(nowMs) {
      const due: Run[] = [];
      for (const [traceId, { run, sinceMs }] of waiting) {
        if (nowMs - sinceMs < waitMs && waiting.size <= runsMax) break;
        due.push(run);
        waiting.delete(traceId);
      }
      return due;
    },
  };
}
