import { readdirSync } from "node:fs";
import { constants, getPriority, setPriority } from "node:os";

/** The threads of the embedded engine. */
export interface EngineThreads {
  /** Puts those that have come since the last call behind ours. Cheap enough for every insert. */
  lower(): void;
}

/** A tenth of the processor time of a thread at our priority, where both want the same processor. */
const niceSteps = 10;

/**
 * Tells the engine's threads from ours, and lets them run at a lower priority, so that a request is answered before a row
 * is merged. Call it before the engine opens: whatever thread comes afterwards is the engine's. The pool of libuv and the
 * helpers of V8 are there by then.
 *
 * Threads inherit their priority, but the engine also starts some from threads of ours. Only Linux has priorities of
 * single threads; elsewhere nothing happens.
 */
export function watchEngineThreads(): EngineThreads {
  const settled = new Set(threadIds());
  const ownPriority = getPriority();
  const lowered = Math.min(ownPriority + niceSteps, constants.priority.PRIORITY_LOW);
  return {
    lower() {
      for (const id of threadIds()) {
        if (settled.has(id)) continue;
        settled.add(id);
        try {
          // The engine sets priorities of its own where it may.
          if (getPriority(id) === ownPriority) setPriority(id, lowered);
        } catch {
          // The thread has ended.
        }
      }
    },
  };
}

function threadIds(): number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return []; // No /proc on this system.
  }
}
