import type { RollupRow, RunRow, Ndjson } from "../../src/model/rows.ts";

/** A run row with ordinary contents, for tests to change. */
export function runRow(row: Partial<RunRow> & { run_id: string }): RunRow {
  return {
    workflow: "ticket-triage",
    mode: "live",
    source: "api",
    trace_id: "",
    span_id: "",
    status: "ok",
    error_type: "",
    error_message: "",
    error_stack: "",
    started_at: 1_790_000_000_000,
    ended_at: 1_790_000_000_250,
    received_at: 1_790_000_000_300,
    inputs: '{"text":"Where is my card?"}',
    outputs: '{"category":"card_arrival"}',
    version: "v1",
    model: "gpt-5-mini",
    model_resolved: "",
    confidence: null,
    input_tokens: 12,
    output_tokens: 3,
    cost_usd: null,
    retries: 0,
    session_id: "",
    business_key: "",
    attributes: {},
    findings: "[]",
    null_fields: [],
    fields: ["input", "input.text", "output", "output.category"],
    ...row,
  };
}

/** A rollup row of one run, for tests to change. */
export function rollupRow(row: Partial<RollupRow> & { minute: number }): RollupRow {
  return { workflow: "ticket-triage", version: "v1", kind: "volume", field: "", bin: "run", n: 1, ...row };
}

/** Rows as the writer hands them to the store. */
export function ndjson(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The lines of rows, as a writer hands them to a store. */
export function linesOf(rows: Ndjson): string[] {
  return Buffer.concat([rows].flat()).toString().trim().split("\n");
}
