import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";

/** Work that goes on until it is stopped. */
export interface Recurring {
  /** Starts no more; resolves when the work under way has ended. */
  stop(): Promise<void>;
}

/** Does work again and again, `ms` real milliseconds after the last time. A failure is logged and tried again. */
export function every(ms: number, what: string, log: Logger, work: () => unknown): Recurring {
  const stopped = new AbortController();
  const running = (async () => {
    for (;;) {
      await delay(ms, undefined, { signal: stopped.signal, ref: false });
      try {
        await work();
      } catch (error) {
        log.warn({ err: error }, `Cannot ${what}`);
      }
    }
  })().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });
  return {
    stop() {
      stopped.abort();
      return running;
    },
  };
}
