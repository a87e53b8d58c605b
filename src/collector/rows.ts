import type { DecisionRow, OutcomeRow, ReviewRow, RunRow, StepRow, VersionRow } from "../model/rows.ts";
import type { Decision, Outcome, Review, Run } from "../model/run.ts";
import type { CleanStep } from "./clean.ts";
import type { ContractResult } from "./contract.ts";
import type { SeenFields } from "./observe-value.ts";

/** The row of a run. `inputs` and `outputs` are its values as JSON text, made once for all uses. */
export function runRow(
  run: Run,
  inputs: string,
  outputs: string,
  contract: ContractResult,
  fields: SeenFields,
): RunRow {
  return {
    run_id: run.runId,
    workflow: run.workflow,
    mode: run.mode,
    source: run.source,
    trace_id: run.traceId,
    span_id: run.spanId,
    status: run.status,
    error_type: run.error?.type ?? "",
    error_message: run.error?.message ?? "",
    error_stack: run.error?.stack ?? "",
    started_at: Math.floor(run.startedAtMs),
    ended_at: Math.floor(run.endedAtMs),
    received_at: Math.floor(run.receivedAtMs),
    inputs,
    outputs,
    version: run.version.id,
    model: run.version.model,
    model_resolved: run.modelResolved,
    confidence: run.confidence,
    input_tokens: run.inputTokens,
    output_tokens: run.outputTokens,
    cost_usd: run.costUsd,
    retries: run.retries,
    session_id: run.sessionId,
    business_key: run.businessKey,
    attributes: run.attributes,
    findings: contract.findings.length === 0 ? "[]" : JSON.stringify(contract.findings),
    null_fields: [...fields.empty],
    fields: [...fields.seen],
  };
}

/** The row of a step. */
export function stepRow(step: CleanStep, receivedAtMs: number): StepRow {
  return {
    step_id: step.stepId,
    run_id: step.runId,
    workflow: step.workflow,
    name: step.name,
    kind: step.kind,
    status: step.status,
    error_type: step.error?.type ?? "",
    error_message: step.error?.message ?? "",
    error_stack: step.error?.stack ?? "",
    started_at: Math.floor(step.startedAtMs),
    ended_at: Math.floor(step.endedAtMs),
    received_at: Math.floor(receivedAtMs),
    inputs: step.inputsText ?? JSON.stringify(step.inputs),
    outputs: step.outputsText ?? JSON.stringify(step.outputs),
    retries: step.retries,
    model: step.model,
    input_tokens: step.inputTokens,
    output_tokens: step.outputTokens,
    attributes: step.attributes,
  };
}

/** The row of a review. */
export function reviewRow(review: Review): ReviewRow {
  return {
    review_id: review.reviewId,
    run_id: review.runId,
    workflow: review.workflow,
    version: review.version,
    verdict: review.verdict,
    output: review.output === null ? "" : JSON.stringify(review.output),
    reason: review.reason,
    note: review.note,
    reviewer: review.reviewer,
    duration_ms: review.durationMs,
    chosen_by: review.chosenBy,
    run_received_at: Math.floor(review.runReceivedAtMs),
    received_at: Math.floor(review.receivedAtMs),
  };
}

/** The row of an outcome. */
export function outcomeRow(outcome: Outcome): OutcomeRow {
  return {
    outcome_id: outcome.outcomeId,
    run_id: outcome.runId,
    workflow: outcome.workflow,
    version: outcome.version,
    name: outcome.name,
    value: JSON.stringify(outcome.value),
    run_received_at: Math.floor(outcome.runReceivedAtMs),
    received_at: Math.floor(outcome.receivedAtMs),
  };
}

/** The row of a decision. */
export function decisionRow(decision: Decision): DecisionRow {
  return {
    decision_id: decision.decisionId,
    run_id: decision.runId,
    workflow: decision.workflow,
    version: decision.version,
    output: JSON.stringify(decision.output),
    reason: decision.reason,
    note: decision.note,
    reviewer: decision.reviewer,
    compared: decision.compared,
    differing: decision.differing,
    run_received_at: Math.floor(decision.runReceivedAtMs),
    received_at: Math.floor(decision.receivedAtMs),
  };
}

/** The row of a run's version. */
export function versionRow({ workflow, version, receivedAtMs }: Run): VersionRow {
  return {
    workflow,
    version: version.id,
    prompt_name: version.promptName,
    prompt_version: version.promptVersion,
    prompt: version.prompt,
    model: version.model,
    settings: version.settings,
    code_revision: version.codeRevision,
    first_seen_at: Math.floor(receivedAtMs),
  };
}
