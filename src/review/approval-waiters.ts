/** Callers that wait for an item to be decided. */
export interface ApprovalWaiters {
  /** Resolves when the item is woken, after `waitMs`, when the caller has gone, or at once past the limit. */
  wait(approvalId: string, waitMs: number, gone: AbortSignal): Promise<void>;
  wake(approvalId: string): void;
  /** Wakes everyone, and lets nobody wait from then on. */
  release(): void;
}

/** Each holds a connection open. */
const waitersMax = 2000;

/** Creates the waiting room. It holds nothing that must survive: a caller that hears nothing asks again. */
export function createApprovalWaiters(): ApprovalWaiters {
  const waiters = new Map<string, Set<() => void>>();
  let count = 0;
  let isReleased = false;
  return {
    async wait(approvalId, waitMs, gone) {
      if (isReleased || gone.aborted || count >= waitersMax) return;
      const others = waiters.get(approvalId) ?? new Set();
      waiters.set(approvalId, others);
      count += 1;
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          gone.removeEventListener("abort", end);
          if (!others.delete(end)) return;
          count -= 1;
          if (others.size === 0) waiters.delete(approvalId);
          resolve();
        };
        const timer = setTimeout(end, waitMs);
        gone.addEventListener("abort", end);
        others.add(end);
      });
    },
    wake(approvalId) {
      for (const end of [...(waiters.get(approvalId) ?? [])]) end();
    },
    release() {
      isReleased = true;
      for (const others of [...waiters.values()]) for (const end of [...others]) end();
    },
  };
}
