import { dayMs, hourMs } from "../../model/clock.ts";
import { type SignalKey, signalId } from "../../model/signal.ts";
import type { Span, Store } from "../../store/port.ts";

/** A signal's counts by bin over a whole span, with the ages of delayed labels left out. */
export async function readCounts(
  store: Pick<Store, "reads">,
  signal: SignalKey,
  span: Span,
): Promise<Record<string, number>> {
  const { workflow, kind, field } = signal;
  const { fromMs, toMs } = roundSpan(span);
  // One step wide enough for the span; where it straddles two, both are added up.
  const stepMs = (Math.ceil((toMs - fromMs) / dayMs) + 1) * dayMs;
  const buckets = await store
    .reads("page")
    .readBuckets({ workflow, kinds: [kind], field, fromMs, toMs, stepMs });
  const sums: Record<string, number> = {};
  for (const bucket of buckets) {
    if (signalId(bucket) !== signalId(signal)) continue;
    for (const bin in bucket.counts) {
      const label = withoutAge(bin);
      sums[label] = (sums[label] ?? 0) + (bucket.counts[bin] ?? 0);
    }
  }
  return sums;
}

/** The part of a baseline's span that lies before a drift began: a baseline is learned in whole hours. */
export function spanBefore({ fromMs, toMs }: Span, onset: { earliestMs: number } | null): Span {
  if (onset === null || onset.earliestMs >= toMs) return { fromMs, toMs };
  const isLong = onset.earliestMs - fromMs >= 2 * dayMs;
  const endMs = isLong ? Math.floor(onset.earliestMs / hourMs) * hourMs : Math.floor(onset.earliestMs);
  return { fromMs, toMs: endMs };
}

/** Long spans in whole hours: those are kept by signal and read at once, where minutes would have to be searched. */
function roundSpan({ fromMs, toMs }: Span): Span {
  if (toMs - fromMs < 2 * dayMs) return { fromMs, toMs };
  return { fromMs: Math.floor(fromMs / hourMs) * hourMs, toMs: Math.ceil(toMs / hourMs) * hourMs };
}

/** A bin without the age that a delayed label carries: `yes@3` is `yes`. */
export function withoutAge(bin: string): string {
  return bin.replace(/^(yes|no|#\d+)@\d+$/, "$1");
}
