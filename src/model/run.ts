import type { Json } from "./json.ts";

/** How a run counts: `live` feeds the ordinary signals, `shadow` and `canary` only their own. */
export type RunMode = "live" | "shadow" | "canary";

export type RunStatus = "ok" | "error";

/** What went wrong in a run or a step. */
export interface RunError {
  type: string;
  message: string;
  stack: string;
}

/** What was deployed. `id` is the given version, or a hash over the other members. */
export interface Version {
  id: string;
  promptName: string;
  promptVersion: string;
  /** The prompt's text, "" where it was not given. */
  prompt: string;
  /** The model that was asked for. */
  model: string;
  /** Model settings as canonical JSON ("" for none). */
  settings: string;
  codeRevision: string;
}

/** One call inside a run: a model call, a tool call or a plain step. */
export interface Step {
  stepId: string;
  /** The run it belongs to; the trace id where only the trace is known. */
  runId: string;
  workflow: string;
  name: string;
  kind: "model" | "tool" | "step";
  status: RunStatus;
  error: RunError | null;
  startedAtMs: number;
  endedAtMs: number;
  inputs: Json;
  outputs: Json;
  retries: number;
  model: string;
  inputTokens: number | null;
  outputTokens: number | null;
  attributes: Record<string, string>;
}

/** One execution of a workflow, as mapped from whatever source it came from. */
export interface Run {
  runId: string;
  workflow: string;
  mode: RunMode;
  /** Where it came from: `sdk`, `otel`, `api` or `import`. */
  source: "sdk" | "otel" | "api" | "import";
  traceId: string;
  spanId: string;
  status: RunStatus;
  error: RunError | null;
  startedAtMs: number;
  endedAtMs: number;
  /**
   * When the collector accepted it. Rollups count a run in the minute of its arrival, so that a minute which
   * has passed never changes; imported history arrives, by definition, when it started.
   */
  receivedAtMs: number;
  inputs: Json;
  outputs: Json;
  version: Version;
  /** The model that answered, "" where unknown. */
  modelResolved: string;
  confidence: number | null;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  retries: number;
  sessionId: string;
  /** What the business calls the case (an invoice number), by which later facts find the run; "" for none. */
  businessKey: string;
  attributes: Record<string, string>;
  steps: Step[];
}

export type ReviewVerdict = "approved" | "edited" | "rejected";

/** A person's verdict on a run. */
export interface Review {
  reviewId: string;
  runId: string;
  workflow: string;
  version: string;
  verdict: ReviewVerdict;
  /** The corrected output of an edit; null otherwise. */
  output: Json;
  reason: string;
  note: string;
  reviewer: string;
  durationMs: number | null;
  /** Targeted reviews are kept out of the override statistics. */
  chosenBy: "random" | "targeted" | "api";
  /** Only what is said of live runs counts. */
  runMode: RunMode;
  runReceivedAtMs: number;
  receivedAtMs: number;
}

/** What later happened in the business because of a run. */
export interface Outcome {
  outcomeId: string;
  runId: string;
  workflow: string;
  version: string;
  name: string;
  value: number | boolean | string;
  runMode: RunMode;
  runReceivedAtMs: number;
  receivedAtMs: number;
}

/** What a person decided on the input of a shadow run, without having seen its output. */
export interface Decision {
  decisionId: string;
  runId: string;
  workflow: string;
  version: string;
  /** The output that the person would have given; it may name only some of the fields. */
  output: Json;
  /** Why it differs, in one of few words. */
  reason: string;
  note: string;
  reviewer: string;
  /** Fields that both gave, and those of them that differ. */
  compared: string[];
  differing: string[];
  runReceivedAtMs: number;
  receivedAtMs: number;
}
