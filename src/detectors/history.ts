import { hourMs } from "../model/clock.ts";
import { type SignalBucket, total } from "../model/signal.ts";
import { type BinIndex, coarseCounts } from "./layout.ts";

/**
 * Coarse counts of one signal in one hour: `hour` counts from the epoch, `counts` has *k* entries. `exposure` (*k* numbers)
 * is what the shares are rates of, where that is not the observations: hours for volume, run-days for a hazard.
 */
export interface Hour {
  hour: number;
  n: number;
  counts: number[];
  exposure?: number[];
}

/** Gathers the buckets of one signal into hours, oldest first. */
export function byHour(buckets: readonly SignalBucket[], index: BinIndex, k: number): Hour[] {
  const hours = new Map<number, Hour>();
  for (const bucket of buckets) {
    const hour = Math.floor(bucket.startMs / hourMs);
    const counts = coarseCounts(index, k, bucket.counts);
    const seen = hours.get(hour) ?? { hour, n: 0, counts: new Array<number>(k).fill(0) };
    hours.set(hour, {
      hour,
      n: seen.n + total(bucket.counts),
      counts: seen.counts.map((n, at) => n + (counts[at] ?? 0)),
    });
  }
  return [...hours.values()].sort((a, b) => a.hour - b.hour);
}
