import type { TransientError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { HeldRun, PendingLog } from "./ports.ts";

/** Runs of traces whose root has not been seen. */
export interface HeldRuns {
  /** What is to be held of a candidate and the one that is held already: the earlier start wins. */
  choose(held: HeldRun): HeldRun;
  /**
   * Makes them durable, until `release` for the same list. Never rejects: what is wrong is for the caller to tell, once the
   * rows beside them are kept.
   */
  append(held: readonly HeldRun[]): Promise<TransientError | null>;
  /** The request that appended them has ended: they are held by now, or were not acknowledged. */
  release(held: readonly HeldRun[]): void;
  /** Holds a candidate in place of the one before. Each span of the trace renews the wait. */
  hold(held: HeldRun): void;
  has(traceId: string): boolean;
  /** The trace has a run of its own. */
  drop(traceId: string): void;
  /** Hands out the runs that have waited long enough, at the end all of them, and lets go of them once they are taken. */
  settle(nowMs: number, isLast: boolean, take: (runs: Run[]) => Promise<unknown>): Promise<void>;
}

/**
 * Creates the waiting room, with what an earlier life of the process held. Bounded: past `runsMax`, the ones that waited
 * longest are due at once.
 */
export function createHeldRuns(waitMs: number, log?: PendingLog, runsMax = 10_000): HeldRuns {
  const waiting = new Map<string, HeldRun>();
  const underWay = new Set<readonly HeldRun[]>();
  // What an earlier life held waits anew: while nobody was here, no root could come.
  const restored = new Set<string>();
  let firstMs: number | null = null;
  for (const held of log?.restored ?? []) {
    restored.add(held.run.traceId);
    hold(held);
  }

  function choose(held: HeldRun): HeldRun {
    const before = waiting.get(held.run.traceId)?.run;
    const isLater = before !== undefined && before.startedAtMs <= held.run.startedAtMs;
    return isLater ? { run: before, sinceMs: held.sinceMs } : held;
  }

  function hold(held: HeldRun): void {
    const kept = choose(held);
    // Set anew, so that the map stays in the order of waiting.
    waiting.delete(kept.run.traceId);
    waiting.set(kept.run.traceId, kept);
  }

  function due(nowMs: number): Run[] {
    const runs: Run[] = [];
    firstMs ??= nowMs;
    for (const { run, sinceMs } of waiting.values()) {
      const fromMs = restored.has(run.traceId) ? Math.max(sinceMs, firstMs) : sinceMs;
      if (nowMs - fromMs < waitMs && waiting.size - runs.length <= runsMax) break;
      runs.push(run);
    }
    return runs;
  }

  return {
    choose,
    async append(held) {
      if (held.length === 0) return null;
      underWay.add(held);
      return log?.append(held) ?? null;
    },
    release: (held) => void underWay.delete(held),
    hold,
    has: (traceId) => waiting.has(traceId),
    drop: (traceId) => void waiting.delete(traceId),
    async settle(nowMs, isLast, take) {
      const runs = due(isLast ? Number.POSITIVE_INFINITY : nowMs);
      if (runs.length > 0) await take(runs);
      for (const { traceId } of runs) {
        waiting.delete(traceId);
        restored.delete(traceId);
      }
      const [oldest] = waiting.values();
      // What is on disk and not in memory yet is about to be acknowledged.
      const times = [nowMs, oldest?.sinceMs ?? nowMs];
      for (const [first] of underWay) times.push(first?.sinceMs ?? nowMs);
      log?.forget(Math.min(...times));
    },
  };
}
