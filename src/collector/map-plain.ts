import { randomUUID } from "node:crypto";
import type { Run, RunError, Step } from "../model/run.ts";
import type { DecisionDraft, LabelDraft, OutcomeDraft, ReviewDraft } from "./labels.ts";
import { draftDecision, draftOutcome, draftReview } from "./labels.ts";
import type { PlainDecision, PlainOutcome, PlainReview, PlainRun } from "./plain-schema.ts";
import { isUsable, usableTimes } from "./times.ts";
import { canonicalJson, withVersionId } from "./version-id.ts";

/** When a request came, and whether it brings history, whose runs arrived when they started. */
export interface Arrival {
  arrivedAtMs: number;
  isHistory: boolean;
}

/** Maps a run of plain JSON. A run without an id gets one, and cannot be recognised when it is sent again. */
export function mapPlainRun(plain: PlainRun, { arrivedAtMs, isHistory }: Arrival): Run {
  const [startedAtMs, endedAtMs] = usableTimes(
    plain.started_at ?? Number.NaN,
    plain.ended_at ?? Number.NaN,
    arrivedAtMs,
  );
  const runId = plain.run_id ?? randomUUID();
  const error = plain.error ?? null;
  const status = plain.status ?? (error === null ? "ok" : "error");
  return {
    runId,
    workflow: plain.workflow,
    mode: plain.mode,
    source: isHistory ? "import" : "api",
    traceId: plain.trace_id ?? "",
    spanId: "",
    status,
    error: status === "error" ? (error ?? unnamedError) : null,
    startedAtMs,
    endedAtMs,
    receivedAtMs: isHistory ? startedAtMs : arrivedAtMs,
    inputs: plain.inputs,
    outputs: plain.outputs,
    version: versionOf(plain),
    modelResolved: (plain.model_resolved ?? "") || (plain.model?.resolved ?? ""),
    confidence: plain.confidence ?? null,
    inputTokens: plain.input_tokens ?? null,
    outputTokens: plain.output_tokens ?? null,
    costUsd: plain.cost_usd ?? null,
    retries: plain.retries ?? 0,
    sessionId: plain.session_id ?? "",
    businessKey: plain.key ?? "",
    attributes: { ...plain.attributes, ...(plain.owner ? { owner: plain.owner } : {}) },
    steps: (plain.steps ?? []).map((step, index) => mapStep(step, index, runId, plain.workflow, startedAtMs)),
  };
}

const unnamedError: RunError = { type: "Error", message: "", stack: "" };

function versionOf(plain: PlainRun) {
  return withVersionId(plain.version ?? "", {
    promptName: plain.prompt?.name ?? "",
    promptVersion: plain.prompt?.version ?? "",
    prompt: plain.prompt?.text ?? "",
    model: plain.model?.name ?? "",
    settings: canonicalJson(plain.settings ?? plain.model?.settings ?? null),
    codeRevision: plain.code_revision ?? "",
  });
}

type PlainStep = NonNullable<PlainRun["steps"]>[number];

function mapStep(
  plain: PlainStep,
  index: number,
  runId: string,
  workflow: string,
  runStartedAtMs: number,
): Step {
  const [startedAtMs, endedAtMs] = usableTimes(
    plain.started_at ?? Number.NaN,
    plain.ended_at ?? Number.NaN,
    runStartedAtMs,
  );
  const error = plain.error ?? null;
  const status = plain.status ?? (error === null ? "ok" : "error");
  return {
    stepId: `${runId}/${index}`,
    runId,
    workflow,
    name: plain.name,
    kind: plain.kind,
    status,
    error: status === "error" ? (error ?? unnamedError) : null,
    startedAtMs,
    endedAtMs,
    inputs: plain.inputs,
    outputs: plain.outputs,
    retries: plain.retries ?? 0,
    model: (plain.model?.resolved ?? "") || (plain.model?.name ?? ""),
    inputTokens: plain.input_tokens ?? null,
    outputTokens: plain.output_tokens ?? null,
    attributes: plain.attributes ?? {},
  };
}

/** How a label names its run. */
export interface RunName {
  runId: string;
  workflow: string;
  businessKey: string;
}

/** Maps the reviews, outcomes and the decision that a run of plain JSON carries. */
export function mapPlainLabels(plain: PlainRun, { runId, workflow }: Run): LabelDraft[] {
  const name = { runId, workflow, businessKey: "" };
  return [
    ...(plain.reviews ?? []).map((review) => mapPlainReview(runId, review, workflow)),
    ...(plain.outcomes ?? []).map((outcome) => mapPlainOutcome(name, outcome, false)),
    ...(plain.decision == null ? [] : [mapPlainDecision(name, plain.decision)]),
  ];
}

/** Maps a review of plain JSON. Without a workflow, its run must be known. */
export function mapPlainReview(runId: string, plain: PlainReview, workflow = ""): ReviewDraft {
  return draftReview({
    reviewId: plain.review_id ?? "",
    runId,
    traceId: "",
    workflow,
    verdict: plain.verdict,
    output: plain.output,
    reason: plain.reason ?? "",
    note: plain.note ?? "",
    reviewer: plain.reviewer ?? "",
    durationMs: plain.duration_ms == null ? null : Math.round(plain.duration_ms),
    atMs: timeOrNull(plain.at),
  });
}

/** Maps an outcome of plain JSON. Without a workflow, its run must be known, or come if the outcome may wait. */
export function mapPlainOutcome(name: RunName, plain: PlainOutcome, mayWait: boolean): OutcomeDraft {
  return draftOutcome({
    ...name,
    outcomeId: plain.outcome_id ?? "",
    traceId: "",
    mayWait,
    name: plain.name,
    value: plain.value,
    atMs: timeOrNull(plain.at),
  });
}

/** Maps a decision of plain JSON. */
export function mapPlainDecision(name: RunName, plain: PlainDecision): DecisionDraft {
  return draftDecision({
    ...name,
    decisionId: plain.decision_id ?? "",
    traceId: "",
    output: plain.output,
    reason: plain.reason ?? "",
    note: plain.note ?? "",
    reviewer: plain.reviewer ?? "",
    atMs: timeOrNull(plain.at),
  });
}

function timeOrNull(timeMs: number | null | undefined): number | null {
  return timeMs != null && isUsable(timeMs) ? timeMs : null;
}
