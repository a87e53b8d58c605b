import type { Incident } from "../model/incident.ts";
import type { PauseState } from "../journal/port.ts";
import type { JsonObject } from "../model/json.ts";
import { timesUsual } from "../model/times-usual.ts";
import type { Drift } from "../model/verdict.ts";
import type { Notice } from "./notice.ts";

const bodyBytesMax = 20_000;

/**
 * Renders a notice as a Standard Webhooks body: `{type, timestamp, data}`, under 20 KB. Lists that would not fit
 * are cut to fewer entries, and `data.truncated` says so.
 */
export function webhookBody(notice: Notice, publicUrl: string): string {
  for (const entriesMax of [50, 20, 5, 1, 0]) {
    const body = JSON.stringify(render(notice, publicUrl, entriesMax));
    if (Buffer.byteLength(body) < bodyBytesMax) return body;
  }
  // Only texts are left to be long.
  return JSON.stringify({ ...head(notice), data: { truncated: true } });
}

function render(notice: Notice, publicUrl: string, entriesMax: number): JsonObject {
  const { type, timestamp } = head(notice);
  switch (notice.about) {
    case "incident":
      return {
        type,
        timestamp,
        data: {
          event_id: notice.event.eventId,
          actor: notice.event.actor,
          note: notice.event.note,
          ...incidentData(notice.event.incident, publicUrl, entriesMax),
          workflow_state: notice.pause.state,
          would_pause: notice.wouldPause,
        },
      };
    case "pause":
      return {
        type,
        timestamp,
        data: {
          ...pauseData(notice.pause),
          owner: notice.owner,
          incident: notice.incident === null ? null : incidentData(notice.incident, publicUrl, entriesMax),
        },
      };
    case "problem":
      return { type, timestamp, data: { problem_id: notice.problemId, text: notice.text } };
    case "approval":
      return { type, timestamp, data: approvalData(notice, publicUrl) };
    case "digest":
      return {
        type,
        timestamp,
        data: {
          from: isoTime(notice.fromMs),
          workflows: notice.lines.slice(0, entriesMax),
          truncated: notice.lines.length > entriesMax,
        },
      };
  }
}

function head(notice: Notice): { type: string; timestamp: string } {
  switch (notice.about) {
    case "incident":
      return { type: `incident.${notice.event.kind}`, timestamp: isoTime(notice.event.atMs) };
    case "pause":
      return {
        type: notice.pause.state === "paused" ? "workflow.paused" : "workflow.resumed",
        timestamp: isoTime(notice.pause.sinceMs),
      };
    case "problem":
      return {
        type: notice.solved ? "sidecar.problem_solved" : "sidecar.problem",
        timestamp: isoTime(notice.atMs),
      };
    case "approval": {
      const { state, heldAtMs, decidedAtMs } = notice.approval;
      return { type: `approval.${state}`, timestamp: isoTime(decidedAtMs ?? heldAtMs) };
    }
    case "digest":
      return { type: "workflows.digest", timestamp: isoTime(notice.toMs) };
  }
}

function approvalData(
  { approval, owner, openItems }: Extract<Notice, { about: "approval" }>,
  publicUrl: string,
): JsonObject {
  const { approvalId, workflow, action, reasons, state, deadlineMs, actsOnTimeout } = approval;
  return {
    approval_id: approvalId,
    workflow,
    owner,
    action,
    reasons,
    state,
    deadline: isoTime(deadlineMs),
    acts_on_timeout: actsOnTimeout,
    open_items: openItems,
    url: publicUrl === "" ? "" : `${publicUrl}/approvals/${encodeURIComponent(approvalId)}`,
  };
}

function pauseData(pause: PauseState): JsonObject {
  return {
    workflow: pause.workflow,
    state: pause.state,
    since: isoTime(pause.sinceMs),
    reason: pause.reason,
    actor: pause.actor,
    incident_id: pause.incidentId,
  };
}

function incidentData(incident: Incident, publicUrl: string, entriesMax: number): JsonObject {
  const { cause, signals } = incident;
  return {
    incident_id: incident.incidentId,
    workflow: incident.workflow,
    owner: incident.owner,
    state: incident.state,
    severity: incident.severity,
    title: incident.title.slice(0, 2000),
    onset: isoTime(incident.onsetMs),
    opened_at: isoTime(incident.openedAtMs),
    layer: cause.layer,
    reasons: cause.reasons.slice(0, entriesMax),
    last_good_version: cause.lastGoodVersion,
    slice: cause.slice,
    signals: signals.slice(0, entriesMax).map((one) => ({
      kind: one.signal.kind,
      field: one.signal.field,
      onset: isoTime(one.drift.onset.atMs),
      baseline: one.drift.baseline.value,
      current: one.drift.current.value,
      unit: one.drift.unit,
      ...timesOf(one.drift),
      text: one.sentence,
      recovered: one.recoveredAtMs !== null,
    })),
    example_run_ids: incident.exampleRunIds,
    baseline_run_ids: incident.baselineRunIds,
    url: publicUrl === "" ? "" : `${publicUrl}/incidents/${incident.incidentId}`,
    truncated: cause.reasons.length > entriesMax || signals.length > entriesMax,
  };
}

/** Runs an hour are of an average hour of the week, which nobody counted: what was found is how many times as many came. */
function timesOf({ unit, current, baseline }: Drift): JsonObject {
  return unit === "runs/h" ? { times_usual: timesUsual(current, baseline).value } : {};
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
