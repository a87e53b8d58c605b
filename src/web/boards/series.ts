import { hourMs } from "../../model/clock.ts";
import {
  binValue,
  eventBins,
  rawCounts,
  type SignalBucket,
  type SignalKey,
  signalId,
  signalKinds,
  total,
} from "../../model/signal.ts";
import { withoutAge } from "./counts.ts";
import { type Counts, measuredBins } from "./measured-bins.ts";
import { type Unit, unitOfKind } from "../../model/verdict.ts";

/** One signal over time. `values[i]` is null where nothing was seen from `timesMs[i]` on. */
export interface Series {
  signal: SignalKey;
  unit: Unit;
  /** The bin that a category's share speaks of; "" otherwise. */
  of: string;
  stepMs: number;
  timesMs: number[];
  values: (number | null)[];
  /** Observations behind each value. */
  runs: number[];
}

/** What a chart of a signal shows: the unit, and the bin for a category. */
export interface Measure {
  unit: Unit;
  of: string;
  /** The baseline's counts, where only they tell which bins are meant. */
  before?: Counts;
}

/**
 * Turns buckets into one series per signal, each with a value for every step of the span.
 *
 * @param buckets of one workflow, at `span.stepMs`; with the volume's where a figure is a share of all runs.
 * @param measureOf what the verdict on a signal speaks of, where there is one.
 */
export function toSeries(
  buckets: readonly SignalBucket[],
  span: { fromMs: number; toMs: number; stepMs: number },
  measureOf: (signal: SignalKey) => Measure | null,
): Series[] {
  const bySignal = new Map<string, { signal: SignalKey; buckets: SignalBucket[] }>();
  for (const bucket of buckets) {
    const { workflow, kind, field } = bucket;
    const id = signalId(bucket);
    const group = bySignal.get(id) ?? { signal: { workflow, kind, field }, buckets: [] };
    group.buckets.push(bucket);
    bySignal.set(id, group);
  }
  const startMs = Math.floor(span.fromMs / span.stepMs) * span.stepMs;
  const steps = Math.max(1, Math.ceil((span.toMs - startMs) / span.stepMs));
  const indexOf = (bucket: SignalBucket) => Math.floor((bucket.startMs - startMs) / span.stepMs);
  const allRuns = new Map(
    buckets.flatMap((bucket): [number, number][] =>
      bucket.kind === "volume" ? [[indexOf(bucket), total(bucket.counts)]] : [],
    ),
  );
  return Array.from(bySignal.values(), (group) => {
    const measure = measureOf(group.signal) ?? guessMeasure(group.signal, group.buckets);
    const { unit, of } = measure;
    const valueOf = createMeasure(group.signal.kind, measure, span.stepMs);
    const values = new Array<number | null>(steps).fill(unit === "runs/h" ? 0 : null);
    const runs = new Array<number>(steps).fill(0);
    for (const bucket of group.buckets) {
      const index = indexOf(bucket);
      if (index < 0 || index >= steps) continue;
      values[index] = valueOf(bucket.counts);
      runs[index] = total(bucket.counts);
    }
    const timesMs = values.map((_value, index) => startMs + index * span.stepMs);
    if (speaksOfPresence(group.signal, measure)) {
      const all = runs.map((hits, index) => Math.max(hits, allRuns.get(index) ?? 0));
      const shares = all.map((n, index) => (n === 0 ? null : (runs[index] ?? 0) / n));
      return { signal: group.signal, unit, of, stepMs: span.stepMs, timesMs, values: shares, runs: all };
    }
    return { signal: group.signal, unit, of, stepMs: span.stepMs, timesMs, values, runs };
  });
}

/** Whether a figure is the share of all runs in which a key was there that the baseline never had. */
export function speaksOfPresence({ kind }: SignalKey, { unit, of }: Measure): boolean {
  return kind === "type" && unit === "share" && of === "";
}

/** The value of one bucket, or null where it rests on nothing. */
export function measureCounts(
  { kind, counts }: Pick<SignalBucket, "kind" | "counts">,
  measure: Measure,
  stepMs: number,
): number | null {
  return createMeasure(kind, measure, stepMs)(counts);
}

function createMeasure(
  kind: SignalKey["kind"],
  { unit, of, before }: Measure,
  stepMs: number,
): (counts: Counts) => number | null {
  if (unit === "runs/h") return (counts) => (total(counts) * hourMs) / stepMs;
  if (of === "median") return (counts) => quantileOfBins(counts, 0.5);
  if (of === "spread") return spreadOfBins;
  if (unit !== "share") return meanOfBins;
  const isEvent = of === "" || signalKinds[kind] === "rate" || signalKinds[kind] === "label";
  const isMeant = isEvent ? (bin: string) => eventBins.has(withoutAge(bin)) : measuredBins(of, before);
  return (counts) => {
    const all = total(counts);
    let meant = 0;
    for (const bin in counts) if (isMeant(bin)) meant += counts[bin] ?? 0;
    return all === 0 ? null : meant / all;
  };
}

function meanOfBins(counts: Counts): number | null {
  let sum = 0;
  let seen = 0;
  for (const bin in counts) {
    if (!bin.startsWith("#")) continue;
    const n = counts[bin] ?? 0;
    sum += n * binValue(withoutAge(bin));
    seen += n;
  }
  return seen === 0 ? null : sum / seen;
}

/** The width that holds the middle 80 % of the numbers, as the detectors have it; null where they are few. */
function spreadOfBins(counts: Counts): number | null {
  const [low, high] = [quantileOfBins(counts, 0.1), quantileOfBins(counts, 0.9)];
  return low === null || high === null || total(counts) < spreadMin ? null : high - low;
}

const spreadMin = 10;

function quantileOfBins(counts: Counts, share: number): number | null {
  const bins = Object.keys(counts)
    .filter((bin) => bin.startsWith("#"))
    .map((bin) => ({ value: binValue(withoutAge(bin)), n: counts[bin] ?? 0 }))
    .sort((a, b) => a.value - b.value);
  let left = bins.reduce((sum, { n }) => sum + n, 0) * share;
  for (const { value, n } of bins) {
    left -= n;
    if (left <= 0) return value;
  }
  return null;
}

/** What to show of a signal that no verdict speaks of yet. */
export function guessMeasure(signal: SignalKey, buckets: readonly Pick<SignalBucket, "counts">[]): Measure {
  const unit = unitOfKind[signal.kind];
  if (unit !== undefined) return { unit, of: unit === "runs/h" ? "" : "median" };
  const shape = signalKinds[signal.kind];
  if (shape === "rate") return { unit: "share", of: "" };
  const [largest = ""] = [...rawCounts(buckets)].sort((a, b) => b[1] - a[1])[0] ?? [];
  if (largest.startsWith("#")) return { unit: "number", of: "median" };
  return { unit: "share", of: shape === "label" ? "" : largest };
}
