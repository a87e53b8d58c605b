import { explain } from "../detectors/explain.ts";
import { restartVolume, withoutVolume } from "../detectors/restart-volume.ts";
import { showsDrift } from "../detectors/shows-drift.ts";
import { step } from "../detectors/step.ts";
import { advanceIncidents, freshDrifts } from "../incidents/advance-incidents.ts";
import { type CauseEvidence, gatherEvidence, noEvidence } from "../incidents/evidence.ts";
import type { PinnedBaseline } from "../journal/port.ts";
import { dayMs } from "../model/clock.ts";
import type { ChangeEvent, Incident } from "../model/incident.ts";
import { type SignalBucket, total } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import { canaryVerdicts } from "./canary-round.ts";
import { findChanges, type VersionsSeen } from "./changes.ts";
import { showVerdicts } from "./gauges.ts";
import type { WatchDeps } from "./ports.ts";
import { remember, type Watched } from "./watched.ts";

/** Change events older than this cannot be the cause of a fresh drift. */
const changeMemoryMs = 14 * dayMs;
/** The state is saved when something happened, and otherwise so often that a restart replays little. */
const saveEveryMs = 10 * 60_000;

/** What one sweep found out about one workflow's new minutes. */
export interface NewMinutes {
  buckets: readonly SignalBucket[];
  versions: VersionsSeen;
  /** Counts of the models that answered. */
  models: readonly SignalBucket[];
  fromMs: number;
  toMs: number;
}

/**
 * Takes a workflow through its new minutes: verdicts, change events, incidents. What follows is written in one
 * transaction with the position, so that a crash repeats the whole step or nothing of it.
 */
export async function sweepWorkflow(deps: WatchDeps, watched: Watched, minutes: NewMinutes): Promise<void> {
  noteRuns(watched, minutes.buckets);
  const changes = await findChanges(deps.store, watched, minutes);
  if (watched.normal !== null && minutes.toMs > watched.throughMs) {
    const { baseline, state } = watched.normal;
    const options = { throughMs: minutes.toMs, budget: deps.budget };
    const isQuiet = expectsNoRuns(deps, watched.normal.pinned, watched);
    const judged = isQuiet
      ? step(withoutVolume(baseline), state, minutes.buckets.filter(isNotVolume), options)
      : step(baseline, state, minutes.buckets, options);
    const next = isQuiet ? restartVolume(baseline, judged.state) : judged.state;
    watched.normal = { ...watched.normal, state: next };
    watched.verdicts = judged.verdicts;
  }
  watched.throughMs = Math.max(watched.throughMs, minutes.toMs);
  const verdicts = verdictsOf(deps, watched);
  showVerdicts(deps.metrics, watched.shown, verdicts);
  watched.shown = verdicts;
  await respond(deps, watched, verdicts, changes);
}

/** The latest verdict on each signal: the detectors', and what the last round of the canary said. */
export function verdictsOf(
  { journal, clock }: Pick<WatchDeps, "journal" | "clock">,
  { workflow, verdicts }: Pick<Watched, "workflow" | "verdicts">,
): SignalVerdict[] {
  return [...verdicts, ...canaryVerdicts(journal.canary.rounds(workflow, 1)[0], clock.nowMs())];
}

/** The verdicts at a workflow's position, where it has just got its baseline or come back from the journal. */
export function judgeStanding({ budget }: WatchDeps, { normal, throughMs }: Watched): SignalVerdict[] {
  return normal === null ? [] : step(normal.baseline, normal.state, [], { throughMs, budget }).verdicts;
}

/** Turns verdicts and change events into incidents, and commits. */
async function respond(
  deps: WatchDeps,
  watched: Watched,
  verdicts: SignalVerdict[],
  changes: readonly ChangeEvent[],
): Promise<void> {
  const { journal, clock } = deps;
  const { workflow } = watched;
  const known = knownIncidents(deps, workflow);
  const evidence = await evidenceFor(deps, { ...watched, verdicts }, known);
  const nowMs = clock.nowMs();
  const recent = journal.changes.list({ workflow, fromMs: watched.throughMs - changeMemoryMs });
  const { incidents, events } = advanceIncidents({
    workflow,
    owner: deps.ownerOf(workflow),
    known,
    verdicts,
    changes: [...recent, ...changes],
    evidence,
    explain,
    settings: deps.incidentSettings,
    nowMs,
  });
  const due = watched.throughMs - watched.savedThroughMs >= saveEveryMs;
  if (changes.length === 0 && incidents.length === 0 && events.length === 0 && !due) return;
  journal.transaction(() => {
    for (const change of changes) journal.changes.append(change);
    deps.ledger.record({ incidents, events });
    remember(journal, watched);
  });
}

/** Every unresolved incident of a workflow, and the latest resolved ones. */
function knownIncidents({ journal }: WatchDeps, workflow: string): Incident[] {
  const unresolved = journal.incidents.list({ workflow, states: ["open", "acknowledged", "snoozed"] });
  return [...unresolved, ...journal.incidents.list({ workflow, states: ["resolved"], limit: 20 })];
}

/** Evidence is worth having, but no reason to keep an alert back. */
async function evidenceFor(
  deps: WatchDeps,
  watched: Watched,
  known: readonly Incident[],
): Promise<CauseEvidence> {
  const fresh: SignalVerdict[] = freshDrifts({ known, verdicts: watched.verdicts });
  if (fresh.length === 0) return noEvidence;
  try {
    return await gatherEvidence(deps.store, watched.workflow, fresh, {
      nowMs: watched.throughMs,
      confidenceBelow: deps.confidenceBelow(watched.workflow),
      shows: (signal, drift) => watched.normal && showsDrift(watched.normal.baseline, signal, drift),
    });
  } catch (error) {
    deps.log.warn({ err: error, workflow: watched.workflow }, "Cannot gather evidence for a drift");
    return noEvidence;
  }
}

/** A paused workflow brings no runs, nor one that has only a past so far: nobody is to be told so. */
function expectsNoRuns(
  { journal }: WatchDeps,
  { toMs }: PinnedBaseline,
  { workflow, lastRunAtMs }: Watched,
): boolean {
  return journal.pauses.get(workflow).state === "paused" || (lastRunAtMs ?? 0) < toMs;
}

function isNotVolume({ kind }: SignalBucket): boolean {
  return kind !== "volume";
}

function noteRuns(watched: Watched, buckets: readonly SignalBucket[]): void {
  for (const bucket of buckets) {
    if (bucket.kind !== "volume") continue;
    watched.runs += total(bucket.counts);
    watched.lastRunAtMs = Math.max(watched.lastRunAtMs ?? 0, bucket.startMs);
  }
}
