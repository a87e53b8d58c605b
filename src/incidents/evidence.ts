import type { Drift, SignalVerdict } from "../model/verdict.ts";
import type { SignalKey } from "../model/signal.ts";
import type { Found } from "../model/incident.ts";
import { byPlainness } from "../model/leading.ts";
import { signalId } from "../model/signal.ts";
import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import type { SliceCount } from "./find-slice.ts";
import { type CountSource, quietBin, shownBins, type Shows, slicedBins } from "./shown-bins.ts";

/** What the store knows about the runs behind one drifting signal. */
export interface SignalEvidence extends Found {
  /** Counts by slice from before the onset and since it; empty where the signal has no countable event. */
  before: SliceCount[];
  after: SliceCount[];
}

/** Evidence by `signalId`, and the version in use before the onset of the first signal. */
export interface CauseEvidence {
  signals: Record<string, SignalEvidence>;
  /** The most used version just before the onset, "" where unknown. */
  versionBefore: string;
  /** The most used version since, "" where unknown. */
  versionAfter: string;
}

export const noEvidence: CauseEvidence = { signals: {}, versionBefore: "", versionAfter: "" };

interface Span {
  fromMs: number;
  toMs: number;
}

/** Which runs: those of a span that show a bin. */
interface BinQuery extends Span {
  signal: SignalKey;
  bin: string;
  confidenceBelow?: number | null;
}

/** The part of the store that evidence comes from. */
export interface EvidenceSource extends CountSource {
  sliceCounts(query: BinQuery): Promise<SliceCount[]>;
  exampleRuns(query: BinQuery & { limit: number }): Promise<{ run_id: string }[]>;
  readVersions(query: Span & { workflow: string }): Promise<{ version: string; runs: number }[]>;
}

const beforeMs = 7 * dayMs;
/** The version that was in use just before is the last that was good; an older one may have been used more. */
const justBeforeMs = 6 * hourMs;
const signalsMax = 4;
const examples = 3;

/**
 * Collects what the cause analysis needs for newly drifting signals: one bounded scan before and one after the
 * onset for each bin of the four leading signals, and three runs of each kind.
 *
 * @param drifts what `freshDrifts` answered.
 * @param nowMs end of the evidence, exclusive.
 * @param confidenceBelow what a confidence must not lie below; null where the owner set no such bar.
 */
export async function gatherEvidence(
  source: EvidenceSource,
  workflow: string,
  drifts: readonly SignalVerdict[],
  { nowMs, shows, confidenceBelow }: { nowMs: number; shows: Shows; confidenceBelow: number | null },
): Promise<CauseEvidence> {
  const moved = drifts.flatMap(({ signal, verdict }) =>
    verdict.kind === "drift" ? [{ signal, drift: verdict }] : [],
  );
  const leading = byPlainness(moved).slice(0, signalsMax);
  const onsetMs = Math.floor(Math.min(...leading.map(({ drift }) => drift.onset.atMs)));
  if (leading.length === 0) return noEvidence;
  const signals: Record<string, SignalEvidence> = {};
  for (const { signal, drift } of leading) {
    const after = { fromMs: Math.floor(drift.onset.atMs), toMs: nowMs };
    const bins = await shownBins(source, signal, drift, { ...after, shows });
    signals[signalId(signal)] = await signalEvidence(source, drift, {
      after,
      bins,
      of: { signal, confidenceBelow },
    });
  }
  const [lately, was, is] = await Promise.all([
    source.readVersions({ workflow, fromMs: onsetMs - justBeforeMs, toMs: onsetMs - minuteMs }),
    source.readVersions({ workflow, fromMs: onsetMs - beforeMs, toMs: onsetMs - minuteMs }),
    source.readVersions({ workflow, fromMs: onsetMs, toMs: nowMs }),
  ]);
  return { signals, versionBefore: mostUsed(lately) || mostUsed(was), versionAfter: mostUsed(is) };
}

async function signalEvidence(
  source: EvidenceSource,
  drift: Drift,
  { after, bins, of }: { after: Span; bins: string[] | null; of: Omit<BinQuery, "bin" | keyof Span> },
): Promise<SignalEvidence> {
  const { signal } = of;
  // The store takes whole milliseconds.
  const toMs = Math.floor(drift.onset.earliestMs);
  const before = { fromMs: toMs - beforeMs, toMs };
  const found: SignalEvidence = {
    bins: bins ?? [],
    before: [],
    after: [],
    exampleRunIds: [],
    baselineRunIds: [],
  };
  for (const bin of slicedBins(drift, found.bins)) {
    found.before = addHits(found.before, await source.sliceCounts({ ...of, bin, ...before }));
    found.after = addHits(found.after, await source.sliceCounts({ ...of, bin, ...after }));
  }
  for (const bin of bins ?? [""])
    found.exampleRunIds.push(...(await runIds(source, { ...of, bin, ...after, limit: examples })));
  found.exampleRunIds = [...new Set(found.exampleRunIds)].slice(0, examples);
  found.baselineRunIds = await runIds(source, {
    ...of,
    bin: quietBin(signal, drift),
    ...before,
    limit: examples,
  });
  if (found.baselineRunIds.length === 0) {
    // A field that is new: any run from before shows that it was not there.
    const whole = { ...signal, field: "" };
    found.baselineRunIds = await runIds(source, { signal: whole, bin: "", ...before, limit: examples });
  }
  return found;
}

/** Adds up the hits of bins that exclude each other; the runs are the same in each. */
function addHits(known: readonly SliceCount[], more: readonly SliceCount[]): SliceCount[] {
  if (known.length === 0) return [...more];
  return known.map((count) => {
    const same = more.find(({ attribute, value }) => attribute === count.attribute && value === count.value);
    return { ...count, hits: count.hits + (same?.hits ?? 0) };
  });
}

async function runIds(
  source: EvidenceSource,
  query: Parameters<EvidenceSource["exampleRuns"]>[0],
): Promise<string[]> {
  return (await source.exampleRuns(query)).map((run) => run.run_id);
}

function mostUsed(uses: readonly { version: string; runs: number }[]): string {
  return [...uses].sort((a, b) => b.runs - a.runs)[0]?.version ?? "";
}
