import type { DriftingSignal } from "../model/incident.ts";
import { eventBins, type SignalBucket, signalId, total } from "../model/signal.ts";

/** What the runs of a trial say. `undecided`: too few, or in between. */
export type TrialVerdict = { kind: "good" } | { kind: "undecided" } | { kind: "bad"; reason: string };

/** Odds of ten to one decide. */
const decisive = Math.log(10);
const shareMin = 0.001;

/**
 * Judges the first runs after a pause: do they look like the baseline, or like the drift that caused it?
 *
 * For each signal of the incident that is measured as a share it compares the likelihood of the trial's counts
 * under the two (A. Wald, Sequential Tests of Statistical Hypotheses, 1945). One bad signal makes the trial bad.
 *
 * @param signals the incident's drifting signals.
 * @param buckets counts since the trial began, `missing` derived.
 * @returns `undecided` also where no signal can be judged this way.
 */
export function judgeTrial(
  signals: readonly DriftingSignal[],
  buckets: readonly SignalBucket[],
): TrialVerdict {
  const verdicts = signals
    .filter(({ drift, recoveredAtMs }) => drift.unit === "share" && recoveredAtMs === null)
    .map((one) => judgeSignal(one, buckets));
  const bad = verdicts.find(({ kind }) => kind === "bad");
  if (bad !== undefined) return bad;
  const isGood = verdicts.length > 0 && verdicts.every(({ kind }) => kind === "good");
  return { kind: isGood ? "good" : "undecided" };
}

function judgeSignal({ signal, drift }: DriftingSignal, buckets: readonly SignalBucket[]): TrialVerdict {
  let runs = 0;
  let hits = 0;
  for (const bucket of buckets) {
    if (signalId(bucket) !== signalId(signal)) continue;
    runs += total(bucket.counts);
    for (const [bin, n] of Object.entries(bucket.counts)) if (isHit(bin, drift.of)) hits += n;
  }
  const good = clamp(drift.baseline.value);
  const bad = clamp(drift.current.value);
  const evidence = hits * Math.log(bad / good) + (runs - hits) * Math.log((1 - bad) / (1 - good));
  if (evidence <= -decisive) return { kind: "good" };
  if (evidence < decisive) return { kind: "undecided" };
  const name = signal.field === "" ? signal.kind : `${signal.kind} of ${signal.field}`;
  return { kind: "bad", reason: `${name} is as it was before the pause: ${hits} of ${runs}` };
}

/** A delayed label's bin ends in the run's age: `yes@3`. */
function isHit(bin: string, of: string): boolean {
  return of === "" ? eventBins.has(bin.replace(/@.*$/, "")) : bin === of;
}

function clamp(share: number): number {
  return Math.min(1 - shareMin, Math.max(shareMin, share));
}
