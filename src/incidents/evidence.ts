import type { Drift, SignalVerdict } from "../model/verdict.ts";
import type { SignalKey } from "../model/signal.ts";
import { byPlainness } from "../model/leading.ts";
import { signalId } from "../model/signal.ts";
import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import type { SliceCount } from "./find-slice.ts";

/** What the store knows about the runs behind one drifting signal. */
export interface SignalEvidence {
  /** Counts by slice from before the onset and since it; empty where the signal has no countable event. */
  before: SliceCount[];
  after: SliceCount[];
  /** Runs that show it, newest first, and runs from before. */
  exampleRunIds: string[];
  baselineRunIds: string[];
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

/** The part of the store that evidence comes from. */
export interface EvidenceSource {
  sliceCounts(query: Span & { signal: SignalKey; bin: string }): Promise<SliceCount[]>;
  exampleRuns(query: Span & { signal: SignalKey; bin: string; limit: number }): Promise<{ run_id: string }[]>;
  readVersions(query: Span & { workflow: string }): Promise<{ version: string; runs: number }[]>;
}

const beforeMs = 7 * dayMs;
/** The version that was in use just before is the last that was good; an older one may have been used more. */
const justBeforeMs = 6 * hourMs;
const signalsMax = 4;
const examples = 3;

/**
 * Collects what the cause analysis needs for newly drifting signals: one bounded scan before and one after the
 * onset for each of the four leading signals, and three runs of each kind.
 *
 * @param drifts what `freshDrifts` answered.
 * @param nowMs end of the evidence, exclusive.
 */
export async function gatherEvidence(
  source: EvidenceSource,
  workflow: string,
  drifts: readonly SignalVerdict[],
  nowMs: number,
): Promise<CauseEvidence> {
  const moved = drifts.flatMap(({ signal, verdict }) =>
    verdict.kind === "drift" ? [{ signal, drift: verdict }] : [],
  );
  const leading = byPlainness(moved).slice(0, signalsMax);
  const onsetMs = Math.min(...leading.map(({ drift }) => drift.onset.atMs));
  if (leading.length === 0) return noEvidence;
  const signals: Record<string, SignalEvidence> = {};
  for (const { signal, drift } of leading)
    signals[signalId(signal)] = await signalEvidence(source, signal, drift, nowMs);
  const [lately, was, is] = await Promise.all([
    source.readVersions({ workflow, fromMs: onsetMs - justBeforeMs, toMs: onsetMs - minuteMs }),
    source.readVersions({ workflow, fromMs: onsetMs - beforeMs, toMs: onsetMs - minuteMs }),
    source.readVersions({ workflow, fromMs: onsetMs, toMs: nowMs }),
  ]);
  return { signals, versionBefore: mostUsed(lately) || mostUsed(was), versionAfter: mostUsed(is) };
}

async function signalEvidence(
  source: EvidenceSource,
  signal: SignalKey,
  drift: Drift,
  nowMs: number,
): Promise<SignalEvidence> {
  const before = { fromMs: drift.onset.earliestMs - beforeMs, toMs: drift.onset.earliestMs };
  const after = { fromMs: drift.onset.atMs, toMs: nowMs };
  const bins = eventBinsOf(signal, drift);
  const found: SignalEvidence = { before: [], after: [], exampleRunIds: [], baselineRunIds: [] };
  for (const bin of bins) {
    found.before = addHits(found.before, await source.sliceCounts({ signal, bin, ...before }));
    found.after = addHits(found.after, await source.sliceCounts({ signal, bin, ...after }));
    found.exampleRunIds.push(...(await runIds(source, { signal, bin, ...after, limit: examples })));
  }
  if (found.exampleRunIds.length === 0)
    found.exampleRunIds = await runIds(source, { signal, bin: "", ...after, limit: examples });
  found.exampleRunIds = found.exampleRunIds.slice(0, examples);
  found.baselineRunIds = await runIds(source, {
    signal,
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

/**
 * The bins whose runs show a drift. A null rate has four of them; the store finds null, empty and placeholder
 * values under one name and missing fields under another.
 */
function eventBinsOf(signal: SignalKey, drift: Drift): string[] {
  if (signal.kind === "null_rate") return ["empty", "missing"];
  if (drift.of === "mean" || signal.kind === "volume") return [];
  // A key that is new: any run that has it.
  if (signal.kind === "type" && drift.of === "") return [""];
  return [drift.of === "" ? "yes" : drift.of];
}

/** The bin of runs that do not show a drift. */
function quietBin(signal: SignalKey, drift: Drift): string {
  if (signal.kind === "null_rate") return "value";
  return drift.of === "" && signal.kind !== "volume" && signal.kind !== "type" ? "no" : "";
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
