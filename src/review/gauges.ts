import type { GaugeLike } from "../model/meters.ts";
import type { ReviewDesk } from "./desk.ts";

/** The gauge that shows the queue; `src/metrics.ts` has it. */
export interface QueueGauges {
  reviewQueue: GaugeLike<"workflow">;
  /** Registers quick work to be done before each scrape. */
  beforeScrape(work: () => void): void;
}

/** Keeps the gauge true to the queue at every scrape. */
export function showQueue(desk: Pick<ReviewDesk, "waiting">, gauges: QueueGauges): void {
  // A queue that was worked off still shows its zero.
  const seen = new Set<string>();
  gauges.beforeScrape(() => {
    const waiting = new Map(desk.waiting().map(({ workflow, runs }) => [workflow, runs]));
    for (const workflow of waiting.keys()) seen.add(workflow);
    for (const workflow of seen) gauges.reviewQueue.set({ workflow }, waiting.get(workflow) ?? 0);
  });
}
