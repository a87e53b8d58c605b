import type { Table } from "../model/rows.ts";

/** Columns of the tables that are read back as rows, in the order of `model/rows.ts`. */
const columns = {
  runs: `run_id workflow mode source trace_id span_id status error_type error_message error_stack
    started_at* ended_at* received_at* inputs outputs version model model_resolved confidence input_tokens
    output_tokens cost_usd retries session_id business_key attributes findings null_fields fields`,
  steps: `step_id run_id workflow name kind status error_type error_message error_stack started_at* ended_at*
    received_at* inputs outputs retries model input_tokens output_tokens attributes`,
  reviews: `review_id run_id workflow version verdict output reason note reviewer duration_ms chosen_by
    run_received_at* received_at*`,
  outcomes: "outcome_id run_id workflow version name value run_received_at* received_at*",
  decisions: `decision_id run_id workflow version output reason note reviewer compared differing run_received_at*
    received_at*`,
  versions: "workflow version prompt_name prompt_version prompt model settings code_revision first_seen_at*",
  rejects: "reject_id received_at* source content_type reason body",
} as const satisfies Partial<Record<Table, string>>;

/**
 * The select list that gives a table's rows back as they were inserted, times as milliseconds. Name the table `t`
 * in the statement and qualify columns in its filters (`t.received_at`): a bare name would mean the milliseconds.
 */
export function rowColumns(table: keyof typeof columns): string {
  return columns[table]
    .split(/\s+/)
    .map((name) => {
      if (!name.endsWith("*")) return `t.${name} AS ${name}`;
      const time = name.slice(0, -1);
      return `toFloat64(toUnixTimestamp64Milli(t.${time})) AS ${time}`;
    })
    .join(", ");
}
