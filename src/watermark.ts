import type { Spool } from "./collector/spool.ts";
import type { Base } from "./parts.ts";
import { secretOf } from "./secret-of.ts";

/** Up to which time the store holds everything that was accepted, by this process and by others on the same store. */
export interface Watermark {
  storedThroughMs(): number;
  /** Tells others how far this process has got, or asks how far they have. @throws {TransientError} While the store is away. */
  exchange(): Promise<void>;
}

/** Creates the watermark for the role of this process. */
export function createWatermark({ config, store, journal }: Base, spool: Spool): Watermark {
  const own = () => spool.drainedThroughMs();
  if (config.role === "all") return { storedThroughMs: own, exchange: () => Promise.resolve() };
  if (config.role === "collector") {
    const id = secretOf(journal, "collector id").slice(0, 16);
    return { storedThroughMs: own, exchange: () => store.reportDrained(id, own()) };
  }
  let others = Infinity;
  return {
    storedThroughMs: () => Math.min(own(), others),
    async exchange() {
      others = (await store.collectorsDrainedThroughMs()) ?? Infinity;
    },
  };
}
