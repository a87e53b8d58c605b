import type { SignalBucket, SignalKey } from "../../model/signal.ts";
import type { Span, Store } from "../../store/port.ts";
import { type Measure, speaksOfPresence } from "./series.ts";

/** What a chart of one signal is drawn from: its buckets and, where it shows a share of all runs, those of the volume. */
export async function readChartBuckets(
  store: Pick<Store, "readBuckets">,
  { workflow, kind, field }: SignalKey,
  measure: Measure | null,
  span: Span & { stepMs: number },
): Promise<SignalBucket[]> {
  const own = store.readBuckets({ workflow, kinds: [kind], field, ...span });
  if (measure === null || !speaksOfPresence({ workflow, kind, field }, measure)) return own;
  const volume = store.readBuckets({ workflow, kinds: ["volume"], field: "", ...span });
  return (await Promise.all([own, volume])).flat();
}
