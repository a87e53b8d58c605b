import type { z } from "@hono/zod-openapi";
import type { PauseState, PinnedBaseline } from "../../journal/port.ts";
import type { DataMap, DataSource, NamedSource } from "../../model/data-map.ts";
import type { ChangeEvent, Incident as ModelIncident } from "../../model/incident.ts";
import type { RunRow } from "../../model/rows.ts";
import { timesUsual } from "../../model/times-usual.ts";
import type { SignalVerdict } from "../../model/verdict.ts";
import type { Claim } from "../../review/desk.ts";
import type { Receipt as StoredReceipt } from "../../store/port.ts";
import type { Scorecard } from "../boards/scorecard.ts";
import type { WebDeps, WorkflowInfo } from "../ports.ts";
import type * as schemas from "./schemas.ts";

type Of<T extends z.ZodType> = z.infer<T>;

/** Milliseconds since the epoch as ISO 8601. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

/** JSON text as a value; "" (nothing was given) is null, and text that is no JSON stays text. */
export function fromJsonText(text: string): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The pause gate's answer. */
export function presentGate(pause: PauseState): Of<typeof schemas.Gate> {
  return {
    workflow: pause.workflow,
    state: pause.state,
    since: pause.sinceMs === 0 ? null : iso(pause.sinceMs),
    reason: pause.reason,
    incident_id: pause.incidentId,
  };
}

/** A signal with its latest verdict and explanation. */
export function presentSignal(entry: SignalVerdict, explanation: string): Of<typeof schemas.Signal> {
  const { signal, atMs, verdict } = entry;
  const shared = { kind: signal.kind, field: signal.field, at: iso(atMs), explanation };
  const none = {
    unit: null,
    of: "",
    evidence: null,
    value: null,
    current: null,
    baseline: null,
    times_usual: null,
  };
  if (verdict.kind === "insufficient") {
    const { runsMin } = verdict;
    return { ...shared, ...none, verdict: "insufficient", direction: null, onset: null, runs_min: runsMin };
  }
  const { unit, of, evidence, current, baseline } = verdict;
  const times_usual = unit === "runs/h" ? timesUsual(current, baseline) : null;
  const figures = {
    unit,
    of,
    evidence,
    value: current.value,
    current,
    baseline,
    times_usual,
    runs_min: null,
  };
  if (verdict.kind === "stable") {
    return { ...shared, ...figures, verdict: "stable", direction: null, onset: null };
  }
  const { atMs: at, earliestMs, latestMs } = verdict.onset;
  const onset = { at: iso(at), earliest: iso(earliestMs), latest: iso(latestMs) };
  return { ...shared, ...figures, verdict: "drift", direction: verdict.direction, onset };
}

/** A change event. */
export function presentChange(change: ChangeEvent): Of<typeof schemas.Change> {
  return {
    change_id: change.changeId,
    workflow: change.workflow,
    at: iso(change.atMs),
    what: change.what,
    before: change.before,
    after: change.after,
    version_before: change.versionBefore,
    version_after: change.versionAfter,
    diff: change.diff,
  };
}

/** An incident. */
export function presentIncident(incident: ModelIncident): Of<typeof schemas.Incident> {
  const { cause } = incident;
  return {
    incident_id: incident.incidentId,
    workflow: incident.workflow,
    owner: incident.owner,
    state: incident.state,
    severity: incident.severity,
    title: incident.title,
    opened_at: iso(incident.openedAtMs),
    updated_at: iso(incident.updatedAtMs),
    resolved_at: isoOrNull(incident.resolvedAtMs),
    snoozed_until: isoOrNull(incident.snoozedUntilMs),
    onset: iso(incident.onsetMs),
    signals: incident.signals.map((drifting) => ({
      kind: drifting.signal.kind,
      field: drifting.signal.field,
      sentence: drifting.sentence,
      detected_at: iso(drifting.detectedAtMs),
      recovered_at: isoOrNull(drifting.recoveredAtMs),
    })),
    cause: {
      layer: cause.layer,
      reasons: cause.reasons,
      change: cause.change === null ? null : presentChange(cause.change),
      slice: cause.slice,
      last_good_version: cause.lastGoodVersion,
    },
    example_run_ids: incident.exampleRunIds,
    baseline_run_ids: incident.baselineRunIds,
    paused_workflow: incident.pausedWorkflow,
  };
}

/** A workflow as the list shows it. */
export function presentWorkflow(
  { watch, journal }: Pick<WebDeps, "watch" | "journal">,
  info: WorkflowInfo,
): Of<typeof schemas.Workflow> {
  const { workflow, owner } = info;
  const pause = journal.pauses.get(workflow);
  const open = journal.incidents.list({ workflow, states: ["open", "acknowledged", "snoozed"] });
  const signals = { drift: 0, stable: 0, insufficient: 0 };
  for (const { verdict } of watch.signals(workflow)) signals[verdict.kind] += 1;
  return {
    workflow,
    owner,
    state: pause.state === "paused" ? "paused" : open.length > 0 ? "warned" : "running",
    since: pause.sinceMs === 0 ? null : iso(pause.sinceMs),
    reason: pause.reason,
    pause_mode: info.pauseMode,
    last_run_at: isoOrNull(info.lastRunAtMs),
    signals,
    open_incidents: open.map((incident) => incident.incidentId),
  };
}

/** What a workflow reads and writes, and what its steps name beyond that. */
export function presentDataMap(
  { reads, writes }: DataMap,
  unmapped: readonly NamedSource[] | null,
): Pick<Of<typeof schemas.WorkflowDetail>, "data_map" | "unmapped"> {
  const source = (one: DataSource) => ({ ...one, steps: [...one.steps] });
  return {
    data_map: { reads: reads.map(source), writes: writes.map(source) },
    unmapped:
      unmapped?.map(({ step, source: name, calls, lastMs }) => {
        return { step, source: name, calls, last_at: iso(lastMs) };
      }) ?? null,
  };
}

/** A scorecard. */
export function presentScorecard({
  workflow,
  mark,
  criteria,
  audit,
}: Scorecard): Of<typeof schemas.Scorecard> {
  return {
    workflow,
    mark,
    criteria: criteria.map(({ criterion, unit, mark: own, windows }) => ({
      metric: criterion.metric,
      field: criterion.field,
      at_most: criterion.atMost,
      at_least: criterion.atLeast,
      window_days: criterion.windowDays,
      runs_min: criterion.runsMin,
      unit,
      mark: own,
      windows: windows.map(({ fromMs, toMs, value, runs, holds }) => {
        return { from: iso(fromMs), to: iso(toMs), value, runs, holds };
      }),
    })),
    audit:
      audit === null
        ? null
        : {
            at: iso(audit.atMs),
            mark: audit.mark,
            runs: audit.runs,
            usable: audit.usable,
            minor_edits: audit.minorEdits,
            unusable: audit.unusable,
          },
  };
}

/** A pinned baseline, without the detectors' own figures. */
export function presentBaseline(baseline: PinnedBaseline): Of<typeof schemas.Baseline> {
  return {
    baseline_id: baseline.baselineId,
    from: iso(baseline.fromMs),
    to: iso(baseline.toMs),
    runs: baseline.runs,
    pinned_at: iso(baseline.pinnedAtMs),
    actor: baseline.actor,
    reason: baseline.reason,
  };
}

/** A run as the search shows it. */
export function presentRun(run: RunRow): Of<typeof schemas.RunSummary> {
  return {
    run_id: run.run_id,
    workflow: run.workflow,
    mode: run.mode,
    source: run.source,
    status: run.status,
    error_type: run.error_type,
    started_at: iso(run.started_at),
    ended_at: iso(run.ended_at),
    received_at: iso(run.received_at),
    version: run.version,
    model: run.model,
    confidence: run.confidence,
    findings: readFindings(run.findings),
    inputs: fromJsonText(run.inputs),
    outputs: fromJsonText(run.outputs),
  };
}

/** The findings of a contract check, from the JSON text of a run row. */
export function readFindings(text: string): { field: string; rule: string }[] {
  const findings = fromJsonText(text);
  return Array.isArray(findings) ? (findings as { field: string; rule: string }[]) : [];
}

/** The whole story of one run. */
export function presentReceipt({
  run,
  version,
  steps,
  reviews,
  outcomes,
  decisions,
}: StoredReceipt): Of<typeof schemas.Receipt> {
  return {
    ...presentRun(run),
    error_message: run.error_message,
    error_stack: run.error_stack,
    trace_id: run.trace_id,
    model_resolved: run.model_resolved,
    input_tokens: run.input_tokens,
    output_tokens: run.output_tokens,
    cost_usd: run.cost_usd,
    retries: run.retries,
    session_id: run.session_id,
    attributes: run.attributes,
    deployed: version === null ? null : { ...version, first_seen_at: iso(version.first_seen_at) },
    steps: steps.map((step) => ({
      ...step,
      started_at: iso(step.started_at),
      ended_at: iso(step.ended_at),
      received_at: iso(step.received_at),
      inputs: fromJsonText(step.inputs),
      outputs: fromJsonText(step.outputs),
    })),
    reviews: reviews.map((review) => ({
      ...review,
      output: fromJsonText(review.output),
      run_received_at: iso(review.run_received_at),
      received_at: iso(review.received_at),
    })),
    outcomes: outcomes.map((outcome) => ({
      ...outcome,
      value: fromJsonText(outcome.value),
      run_received_at: iso(outcome.run_received_at),
      received_at: iso(outcome.received_at),
    })),
    decisions: decisions.map((decision) => ({
      ...decision,
      output: fromJsonText(decision.output),
      run_received_at: iso(decision.run_received_at),
      received_at: iso(decision.received_at),
    })),
    key: run.business_key,
  };
}

/** A claimed run, ready to be reviewed. */
export function presentClaim({ run, receipt }: Claim): Of<typeof schemas.ReviewTask> {
  return {
    run_id: run.runId,
    workflow: run.workflow,
    chosen_by: run.chosenBy,
    why: run.why,
    claimed_until: iso(run.claimedUntilMs),
    receipt: presentReceipt(receipt),
  };
}
