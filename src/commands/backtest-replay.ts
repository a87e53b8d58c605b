import type { Budget } from "../detectors/budget.ts";
import type { WorkflowBaseline } from "../detectors/baseline.ts";
import { explain } from "../detectors/explain.ts";
import { replay, type VerdictChange } from "../detectors/replay.ts";
import { advanceIncidents } from "../incidents/advance-incidents.ts";
import { detectChanges } from "../incidents/detect-changes.ts";
import { noEvidence } from "../incidents/evidence.ts";
import { defaultIncidentSettings } from "../incidents/settings.ts";
import type { HistorySpan, VersionUse } from "../history/port.ts";
import { dayMs, hourMs } from "../model/clock.ts";
import type { ChangeEvent, Incident } from "../model/incident.ts";
import { type SignalBucket, signalId } from "../model/signal.ts";

/** What is replayed, and how. */
export interface BacktestInput {
  workflow: string;
  owner: string;
  span: HistorySpan;
  /** Width of a bucket, and how often the monitor looks. */
  stepMs: number;
  buckets: readonly SignalBucket[];
  versions: readonly VersionUse[];
  budget: Budget;
  runsMin: number;
  /** A baseline that was learned before; null to learn it on the way, as the sidecar does. */
  baseline: WorkflowBaseline | null;
}

/** What the sidecar would have done. */
export interface Backtest {
  /** Every incident that would have been opened, oldest first, as it stood at the end. */
  incidents: Incident[];
  /** The baseline at the end; null if there were never enough runs. */
  baseline: WorkflowBaseline | null;
  /** When there was a first baseline: what came before was not judged. */
  judgedFromMs: number | null;
}

const memoryMs = 7 * dayMs;

/**
 * Replays history through detectors and incidents, and tells after each look how far it is (0 to 1), so that a bar can move.
 *
 * Causes rest on signals and versions; the slices and example runs that the sidecar would have added are left out.
 */
export function* runBacktest(input: BacktestInput): Generator<number, Backtest> {
  const { span, stepMs, budget, runsMin, baseline: given } = input;
  const incidents = new Map<string, Incident>();
  const changes = versionChanges(input);
  const drifting = new Map<string, VerdictChange>();
  let baseline = given;
  let judgedFromMs = given === null ? null : span.fromMs;
  const settings = { budget, bucketMs: stepMs, sweepMs: stepMs, learn: { runsMin } };
  const looks = replay(withSilence(input), given === null ? settings : { ...settings, baseline: given });
  for (const look of looks) {
    if (look.baseline !== null) judgedFromMs ??= look.throughMs;
    baseline = look.baseline;
    for (const change of look.changes) drifting.set(signalId(change.signal), change);
    if (look.changes.length > 0) advance(input, [...drifting.values()], changes, look.throughMs, incidents);
    for (const change of look.changes)
      if (change.change === "recovered") drifting.delete(signalId(change.signal));
    yield (look.throughMs - span.fromMs) / Math.max(1, span.toMs - span.fromMs);
  }
  return { incidents: [...incidents.values()], baseline, judgedFromMs };
}

function advance(
  { workflow, owner }: BacktestInput,
  verdicts: readonly VerdictChange[],
  changes: readonly ChangeEvent[],
  nowMs: number,
  incidents: Map<string, Incident>,
): void {
  const result = advanceIncidents({
    workflow,
    owner,
    known: [...incidents.values()],
    verdicts,
    changes: changes.filter(({ atMs }) => atMs <= nowMs && atMs > nowMs - memoryMs),
    evidence: noEvidence,
    explain,
    settings: { ...defaultIncidentSettings, remindMs: 0 },
    nowMs,
  });
  for (const incident of result.incidents) incidents.set(incident.incidentId, incident);
}

/** An hour without runs has no buckets; the monitor looks at it all the same. */
function withSilence({ workflow, span, stepMs, buckets }: BacktestInput): SignalBucket[] {
  const hours = new Set<number>();
  for (const { kind, startMs } of buckets) if (kind === "volume") hours.add(Math.floor(startMs / hourMs));
  const silent: SignalBucket[] = [];
  for (let hour = Math.ceil(span.fromMs / hourMs); (hour + 1) * hourMs <= span.toMs; hour++) {
    const startMs = (hour + 1) * hourMs - stepMs;
    if (!hours.has(hour)) silent.push({ workflow, kind: "volume", field: "", startMs, counts: {} });
  }
  return [...buckets, ...silent];
}

/** A version that was not in use just before is a change. */
function versionChanges({ workflow, versions }: BacktestInput): ChangeEvent[] {
  const uses = versions.map((use) => ({ ...use, modelResolved: "" }));
  return uses.flatMap((use) => {
    const before = uses.filter(
      ({ firstMs, lastMs }) => firstMs < use.firstMs && lastMs >= use.firstMs - memoryMs,
    );
    return detectChanges(workflow, before, [use], new Map());
  });
}
