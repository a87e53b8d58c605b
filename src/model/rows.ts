/**
 * Rows as they are inserted into ClickHouse (JSONEachRow, snake_case, times in milliseconds as DateTime64(3)
 * integers). The collector writes them, the store owns the tables; nothing else knows their names.
 */
export const tables = [
  "runs",
  "steps",
  "reviews",
  "outcomes",
  "decisions",
  "versions",
  "rejects",
  "rollups",
] as const;

export type Table = (typeof tables)[number];

/** Newline-delimited JSON, whole or in pieces that make it up in their order. */
export type Ndjson = Buffer | readonly Buffer[];

/** One run. `inputs`, `outputs`, `settings` and `findings` are JSON text. */
export interface RunRow {
  run_id: string;
  workflow: string;
  mode: string;
  source: string;
  trace_id: string;
  span_id: string;
  status: string;
  error_type: string;
  error_message: string;
  error_stack: string;
  started_at: number;
  ended_at: number;
  received_at: number;
  inputs: string;
  outputs: string;
  version: string;
  model: string;
  model_resolved: string;
  confidence: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cost_usd: number | null;
  retries: number;
  session_id: string;
  business_key: string;
  attributes: Record<string, string>;
  /** JSON array of `Finding`. */
  findings: string;
  /** Paths with a null, empty or placeholder value, so that an example of a null can be found. */
  null_fields: string[];
  /** Every path seen, so that an example of a missing field can be found. */
  fields: string[];
}

/** One step of a run. */
export interface StepRow {
  step_id: string;
  run_id: string;
  workflow: string;
  name: string;
  kind: string;
  status: string;
  error_type: string;
  error_message: string;
  error_stack: string;
  started_at: number;
  ended_at: number;
  received_at: number;
  inputs: string;
  outputs: string;
  retries: number;
  model: string;
  input_tokens: number | null;
  output_tokens: number | null;
  attributes: Record<string, string>;
}

/** A person's verdict on a run. */
export interface ReviewRow {
  review_id: string;
  run_id: string;
  workflow: string;
  version: string;
  verdict: string;
  /** JSON text of the corrected output, "" for none. */
  output: string;
  reason: string;
  note: string;
  reviewer: string;
  duration_ms: number | null;
  chosen_by: string;
  run_received_at: number;
  received_at: number;
}

/** What later happened in the business. `value` is JSON text. */
export interface OutcomeRow {
  outcome_id: string;
  run_id: string;
  workflow: string;
  version: string;
  name: string;
  value: string;
  run_received_at: number;
  received_at: number;
}

/** What a person decided on the input of a shadow run. `output` is JSON text. */
export interface DecisionRow {
  decision_id: string;
  run_id: string;
  workflow: string;
  version: string;
  output: string;
  reason: string;
  note: string;
  reviewer: string;
  compared: string[];
  differing: string[];
  run_received_at: number;
  received_at: number;
}

/** What was deployed, once per version seen. */
export interface VersionRow {
  workflow: string;
  version: string;
  prompt_name: string;
  prompt_version: string;
  prompt: string;
  model: string;
  settings: string;
  code_revision: string;
  first_seen_at: number;
}

/** Something that could not be read as a run. `body` is base64 of the (redacted) bytes. */
export interface RejectRow {
  reject_id: string;
  received_at: number;
  source: string;
  content_type: string;
  reason: string;
  body: string;
}

/** `n` observations of one signal in one minute. */
export interface RollupRow {
  /** Seconds since the epoch, a whole minute. */
  minute: number;
  workflow: string;
  version: string;
  kind: string;
  field: string;
  bin: string;
  n: number;
}

/** The row of each table. */
export interface RowOf {
  runs: RunRow;
  steps: StepRow;
  reviews: ReviewRow;
  outcomes: OutcomeRow;
  decisions: DecisionRow;
  versions: VersionRow;
  rejects: RejectRow;
  rollups: RollupRow;
}

/** What one accepted request adds to each table. */
export type RowBatch = { [T in Table]?: RowOf[T][] };
