import type { SignalBucket, SignalKey } from "../../model/signal.ts";
import type { Span, Store } from "../../store/port.ts";
import type { Drift } from "../../model/verdict.ts";
import type { WebDeps } from "../ports.ts";
import { readCounts, spanBefore } from "./counts.ts";
import { needsBaseline } from "./measured-bins.ts";
import { type Measure, speaksOfPresence } from "./series.ts";

/** What a figure speaks of, with what the baseline had before the onset where only that tells which bins are meant. */
export async function readMeasure(
  { store, journal }: Pick<WebDeps, "store" | "journal">,
  signal: SignalKey,
  { unit, of, onset }: Pick<Measure, "unit" | "of"> & { onset?: Drift["onset"] },
): Promise<Measure> {
  const pinned = needsBaseline(of) ? journal.baselines.current(signal.workflow) : null;
  if (pinned === null) return { unit, of };
  return { unit, of, before: await readCounts(store, signal, spanBefore(pinned, onset ?? null)) };
}

/** What a chart of one signal is drawn from: its buckets and, where it shows a share of all runs, those of the volume. */
export async function readChartBuckets(
  store: Pick<Store, "reads">,
  { workflow, kind, field }: SignalKey,
  measure: Measure | null,
  span: Span & { stepMs: number },
): Promise<SignalBucket[]> {
  const counts = store.reads("page");
  const own = counts.readBuckets({ workflow, kinds: [kind], field, ...span });
  if (measure === null || !speaksOfPresence({ workflow, kind, field }, measure)) return own;
  const volume = counts.readBuckets({ workflow, kinds: ["volume"], field: "", ...span });
  return (await Promise.all([own, volume])).flat();
}
