import { dayMs, hourMs } from "../model/clock.ts";
import { rawCounts, type SignalBucket, type SignalKey, signalKinds } from "../model/signal.ts";
import type { Drift } from "../model/verdict.ts";

/** Which raw bins show a drift, from the detectors; null where the signal's events are its bins. */
export type Shows = (signal: SignalKey, drift: Drift) => ((bin: string) => boolean) | null;

/** The part of the store that counts by bin come from. */
export interface CountSource {
  readBuckets(query: {
    workflow: string;
    kinds: SignalKey["kind"][];
    field: string;
    fromMs: number;
    toMs: number;
    stepMs: number;
  }): Promise<Pick<SignalBucket, "kind" | "field" | "counts">[]>;
}

/** Of the bins that show a drift, the most frequent are searched for. */
const binsMax = 3;

/** The bins whose runs show a drift, the most frequent since the onset first; null where any run shows it. */
export async function shownBins(
  source: CountSource,
  signal: SignalKey,
  drift: Drift,
  { fromMs, toMs, shows }: { fromMs: number; toMs: number; shows: Shows },
): Promise<string[] | null> {
  const { workflow, kind, field } = signal;
  const isShown = shows(signal, drift);
  if (isShown === null) return eventBinsOf(signal, drift);
  // Whole hours are kept by signal and read at once.
  const hours = {
    fromMs: Math.floor(fromMs / hourMs) * hourMs,
    toMs: Math.ceil(toMs / hourMs) * hourMs,
    stepMs: dayMs,
  };
  const buckets = await source.readBuckets({ workflow, kinds: [kind], field, ...hours });
  const counts = rawCounts(buckets.filter((bucket) => bucket.kind === kind && bucket.field === field));
  // Of values past the cap it is not known which they were.
  return [...counts]
    .filter(([bin]) => bin !== "other" && isShown(bin))
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, binsMax)
    .map(([bin]) => bin);
}

/**
 * The bins of a rate whose runs show a drift. A null rate has four of them; the store finds null, empty and placeholder
 * values under one name and missing fields under another.
 */
function eventBinsOf(signal: SignalKey, drift: Drift): string[] | null {
  const isDown = drift.direction === "down";
  if (signal.kind === "null_rate") return isDown ? ["value"] : ["empty", "missing"];
  if (signal.kind === "volume" || drift.of === "spread") return null;
  // A key that is new: any run that has it.
  if (signal.kind === "type" && drift.of === "") return [""];
  return [isDown && hasAnswers(signal) ? "no" : "yes"];
}

/** Slices are counted of the value that moved; of numbers none, since each of their bins holds next to nothing. */
export function slicedBins(drift: Drift, bins: readonly string[]): readonly string[] {
  if (bins.some((bin) => bin.startsWith("#"))) return [];
  return drift.direction === "down" && drift.of !== "" ? [drift.of] : bins;
}

/** The bin of runs that do not show a drift. */
export function quietBin(signal: SignalKey, drift: Drift): string {
  const isDown = drift.direction === "down";
  if (signal.kind === "null_rate") return isDown ? "empty" : "value";
  if (drift.of !== "" || signal.kind === "volume" || signal.kind === "type") return "";
  return isDown && hasAnswers(signal) ? "yes" : "no";
}

/** Whether what is counted of a signal is yes or no, and the store knows the runs of both. */
function hasAnswers({ kind }: SignalKey): boolean {
  return signalKinds[kind] === "rate" || kind === "outcome";
}
