import type { Incident } from "../model/incident.ts";
import type { ReviewRow, RunRow } from "../model/rows.ts";
import type { ParquetType } from "../store/parquet.ts";
import { fromJsonText, iso, presentIncident, readFindings } from "../web/api/present.ts";

/** What can be exported. */
export const exportKinds = ["runs", "reviews", "incidents"] as const;

export type ExportKind = (typeof exportKinds)[number];

/** A run in the shape of `POST /v1/runs`, so that `evenkeel import` takes it, and what was found out about it. */
export function exportRun(run: RunRow): Record<string, unknown> {
  const error =
    run.status === "error"
      ? { type: run.error_type, message: run.error_message, stack: run.error_stack }
      : null;
  return {
    run_id: run.run_id,
    workflow: run.workflow,
    mode: run.mode,
    source: run.source,
    status: run.status,
    error,
    started_at: iso(run.started_at),
    ended_at: iso(run.ended_at),
    received_at: iso(run.received_at),
    inputs: fromJsonText(run.inputs),
    outputs: fromJsonText(run.outputs),
    version: run.version === "" ? null : run.version,
    model: run.model === "" ? null : run.model,
    model_resolved: run.model_resolved,
    confidence: run.confidence,
    input_tokens: run.input_tokens,
    output_tokens: run.output_tokens,
    cost_usd: run.cost_usd,
    retries: run.retries,
    session_id: run.session_id === "" ? null : run.session_id,
    key: run.business_key === "" ? null : run.business_key,
    trace_id: run.trace_id,
    attributes: run.attributes,
    findings: readFindings(run.findings),
  };
}

/** A review, with the output that the reviewer gave. */
export function exportReview(review: ReviewRow): Record<string, unknown> {
  const { output, run_received_at, received_at, ...plain } = review;
  return {
    ...plain,
    output: fromJsonText(output),
    run_received_at: iso(run_received_at),
    at: iso(received_at),
  };
}

/** An incident as the API answers it. */
export function exportIncident(incident: Incident): Record<string, unknown> {
  return presentIncident(incident);
}

/** Columns of each kind in a table, in order, with what they hold. */
export const exportColumns: Record<ExportKind, Record<string, ParquetType>> = {
  runs: {
    ...all("text", "run_id workflow mode source status"),
    error: "json",
    ...all("time", "started_at ended_at received_at"),
    ...all("json", "inputs outputs"),
    ...all("text", "version model model_resolved"),
    ...all("number", "confidence input_tokens output_tokens cost_usd retries"),
    ...all("text", "session_id key trace_id"),
    attributes: "map",
    findings: "json",
  },
  reviews: {
    ...all("text", "review_id run_id workflow version verdict"),
    output: "json",
    ...all("text", "reason note reviewer"),
    duration_ms: "number",
    chosen_by: "text",
    ...all("time", "run_received_at at"),
  },
  incidents: {
    ...all("text", "incident_id workflow owner state severity title"),
    ...all("time", "opened_at updated_at resolved_at snoozed_until onset"),
    ...all("json", "signals cause"),
    ...all("texts", "example_run_ids baseline_run_ids"),
    paused_workflow: "flag",
  },
};

function all(type: ParquetType, names: string): Record<string, ParquetType> {
  return Object.fromEntries(names.split(" ").map((name) => [name, type]));
}
