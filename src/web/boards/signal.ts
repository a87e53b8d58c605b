import type { ChangeEvent } from "../../model/incident.ts";
import { binValue, type SignalKey, signalId } from "../../model/signal.ts";
import { type SignalVerdict, type Unit, unitOfKind } from "../../model/verdict.ts";
import { formatRange } from "../format.ts";
import { plural } from "../../model/plural.ts";
import type { WebDeps, WorkflowInfo } from "../ports.ts";
import { reach } from "./reach.ts";
import { readChartBuckets, readMeasure } from "./chart-buckets.ts";
import { readCounts, spanBefore, withoutAge } from "./counts.ts";
import { type Measure, type Series, toSeries } from "./series.ts";
import { type RangeName, spanOf } from "./workflow.ts";

/** One value of a distribution, in the baseline and now. */
export interface DistributionRow {
  /** The bin, or a range of numbers in words. */
  label: string;
  /** The bin as it is counted; null for a range of numbers. */
  bin: string | null;
  baselineShare: number;
  currentShare: number;
  current: number;
}

/** Everything the page of one signal shows. */
export interface SignalBoard {
  info: WorkflowInfo;
  signal: SignalKey;
  entry: SignalVerdict | null;
  explanation: string;
  series: Series | null;
  distribution: DistributionRow[];
  changes: ChangeEvent[];
  range: RangeName;
  storeReached: boolean;
}

/** Gathers the page of one signal; null where the workflow is not known. */
export async function buildSignal(
  deps: WebDeps,
  signal: SignalKey,
  range: RangeName,
): Promise<SignalBoard | null> {
  const { watch, journal, store, clock } = deps;
  const { workflow } = signal;
  const info = watch.workflows().find((candidate) => candidate.workflow === workflow);
  if (info === undefined) return null;
  const span = spanOf(range, clock.nowMs());
  const verdicts = watch.signals(workflow);
  const entry = verdicts.find((candidate) => signalId(candidate.signal) === signalId(signal)) ?? null;
  const judged = await measureOf(deps, entry);
  const buckets = await reach(readChartBuckets(store, signal, judged, span));
  const isOwn = (key: SignalKey) => signalId(key) === signalId(signal);
  const lines = toSeries(buckets ?? [], span, (key) => (isOwn(key) ? judged : null));
  return {
    info,
    signal,
    entry,
    explanation: entry === null ? "" : watch.explain(entry),
    series: lines.find((line) => isOwn(line.signal)) ?? null,
    distribution: await readDistribution(deps, signal, entry, span),
    changes: journal.changes.list({ workflow, fromMs: span.fromMs, toMs: span.toMs }),
    range,
    storeReached: buckets !== null,
  };
}

async function measureOf(deps: WebDeps, entry: SignalVerdict | null): Promise<Measure | null> {
  if (entry === null || entry.verdict.kind === "insufficient") return null;
  const { signal, verdict } = entry;
  return (await reach(readMeasure(deps, signal, verdict))) ?? verdict;
}

/** Counts of the pinned baseline's span beside those since the onset, or of the shown span where nothing drifts. */
async function readDistribution(
  { store, journal }: WebDeps,
  signal: SignalKey,
  entry: SignalVerdict | null,
  shown: { fromMs: number; toMs: number },
): Promise<DistributionRow[]> {
  const pinned = journal.baselines.current(signal.workflow);
  const onset = entry?.verdict.kind === "drift" ? entry.verdict.onset : null;
  const fromMs = onset?.atMs ?? shown.fromMs;
  const read = async (span: { fromMs: number; toMs: number }) =>
    (await reach(readCounts(store, signal, span))) ?? {};
  const [baseline, current] = await Promise.all([
    pinned === null ? {} : read(spanBefore(pinned, onset)),
    read({ fromMs, toMs: shown.toMs }),
  ]);
  return compareCounts(baseline, current, unitOfKind[signal.kind]);
}

const rowsMax = 14;

/**
 * Puts two counts by bin beside each other, largest first; numbers as ranges between the baseline's quantiles.
 *
 * @param baseline counts by bin; may be empty, then every baseline share is 0.
 * @param unit of the numbers.
 */
export function compareCounts(
  baseline: Readonly<Record<string, number>>,
  current: Readonly<Record<string, number>>,
  unit: Unit = "number",
): DistributionRow[] {
  const bins = [...new Set([...Object.keys(baseline), ...Object.keys(current)])];
  const sums = { baseline: sumOf(baseline), current: sumOf(current) };
  const row = (label: string, bin: string | null, members: readonly string[]): DistributionRow => {
    const before = members.reduce((sum, member) => sum + (baseline[member] ?? 0), 0);
    const now = members.reduce((sum, member) => sum + (current[member] ?? 0), 0);
    return {
      label,
      bin,
      baselineShare: sums.baseline === 0 ? 0 : before / sums.baseline,
      currentShare: sums.current === 0 ? 0 : now / sums.current,
      current: now,
    };
  };
  const numbers = bins.filter((bin) => bin.startsWith("#"));
  const rows = bins
    .filter((bin) => !bin.startsWith("#"))
    .map((bin) => row(bin, bin, [bin]))
    .sort((a, b) => Math.max(b.baselineShare, b.currentShare) - Math.max(a.baselineShare, a.currentShare));
  const kept = rows.slice(0, rowsMax);
  const rest = rows.slice(rowsMax).flatMap(({ bin }) => bin ?? []);
  return [
    ...numberRanges(numbers, sums.baseline === 0 ? current : baseline, unit).map(({ label, members }) =>
      row(label, null, members),
    ),
    ...kept,
    ...(rest.length === 0 ? [] : [row(`${rest.length} further ${plural(rest.length, "value")}`, null, rest)]),
  ];
}

/** Groups number bins into about eight ranges of equal weight in `reference`. */
function numberRanges(bins: readonly string[], reference: Readonly<Record<string, number>>, unit: Unit) {
  const sorted = [...new Set(bins.map(withoutAge))].sort((a, b) => binValue(a) - binValue(b));
  const weight = sorted.reduce((sum, bin) => sum + (reference[bin] ?? 0), 0);
  const groups: string[][] = [];
  let inGroup = 0;
  for (const bin of sorted) {
    if (groups.length === 0 || inGroup >= weight / 8) {
      groups.push([]);
      inGroup = 0;
    }
    groups.at(-1)?.push(bin);
    inGroup += reference[bin] ?? 0;
  }
  return groups.map((members) => {
    const [low, high] = [members[0] ?? "", members.at(-1) ?? ""].map((bin) => binValue(bin));
    return { label: formatRange(low ?? 0, high ?? 0, unit), members };
  });
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, n) => sum + n, 0);
}
