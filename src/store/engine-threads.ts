import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** The threads of the embedded engine. */
export interface EngineThreads {
  /** Puts those that have come since the last look behind ours. Looks once in a while, so call it with every insert. */
  lower(): void;
}

/** The threads of this process, as the system shows them. */
interface ThreadList {
  /** None where the system does not show them. */
  ids: () => number[];
  getPriority: (id?: number) => number;
  setPriority: (id: number, priority: number) => void;
  nowMs: () => number;
}

/** A tenth of the processor time of a thread at our priority, where both want the same processor. */
const niceSteps = 10;
/** Most threads come lowered, so the others may wait. */
const lookEveryMs = 5_000;

/**
 * Tells the engine's threads from ours, and lets them run at a lower priority, so that a request is answered before a row
 * is merged. Call it before the engine opens: whatever thread comes afterwards is the engine's. The pool of libuv and the
 * helpers of V8 are there by then.
 *
 * Threads inherit their priority, but the engine also starts some from threads of ours. Only Linux has priorities of
 * single threads; elsewhere nothing happens.
 */
export function watchEngineThreads(threads: ThreadList = systemThreads): EngineThreads {
  // Those of the last look: the system gives the id of a thread that has ended to a new one.
  let settled = new Set(threads.ids());
  const ownPriority = threads.getPriority();
  const lowered = Math.min(ownPriority + niceSteps, constants.priority.PRIORITY_LOW);
  let lookedMs = -Infinity;

  function lower(id: number): void {
    try {
      // The engine sets priorities of its own where it may.
      if (threads.getPriority(id) === ownPriority) threads.setPriority(id, lowered);
    } catch {
      // The thread has ended.
    }
  }

  return {
    lower() {
      const nowMs = threads.nowMs();
      if (nowMs - lookedMs < lookEveryMs) return;
      lookedMs = nowMs;
      const ids = threads.ids();
      for (const id of ids) if (!settled.has(id)) lower(id);
      settled = new Set(ids);
    },
  };
}

const systemThreads: ThreadList = {
  ids() {
    try {
      return readdirSync("/proc/self/task").map(Number);
    } catch {
      return []; // No /proc on this system.
    }
  },
  getPriority,
  setPriority,
  nowMs: () => performance.now(),
};
