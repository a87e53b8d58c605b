import type { Json } from "../model/json.ts";
import type { Run, RunError, Step, Version } from "../model/run.ts";
import type { Caps } from "./cut.ts";
import type { LabelDraft } from "./labels.ts";
import type { ModelCall } from "./model-call.ts";
import type { Redactor } from "./redact.ts";
import { wellFormed } from "./well-formed.ts";

const idLengthMax = 300;
const nameLengthMax = 200;
const attributesMax = 50;
const attributeLengthMax = 256;

/** Inputs and outputs as JSON text, where it is at hand. */
interface ContentText {
  inputsText?: string;
  outputsText?: string;
}

/** A run that may be kept. */
export interface CleanRun extends Run, ContentText {
  steps: CleanStep[];
}

/** A step that may be kept. */
export interface CleanStep extends Step, ContentText {}

/**
 * Takes from a run everything that must not be kept: secrets, personal data, what is past the caps. Pure. Each member is
 * named, since one that is added behind a spread costs V8 a microsecond.
 *
 * @param receivedAtMs when it arrived, where that is not when it was decoded.
 */
export function cleanRun(
  run: Run,
  redactor: Redactor,
  caps: Caps,
  receivedAtMs = run.receivedAtMs,
): CleanRun {
  const inputs = redactor.value(run.inputs, "input");
  const outputs = redactor.value(run.outputs, "output");
  return {
    runId: cleanId(run.runId),
    workflow: cleanName(run.workflow),
    mode: run.mode,
    source: run.source,
    traceId: cleanId(run.traceId),
    spanId: run.spanId,
    status: run.status,
    error: cleanError(run.error, redactor),
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs,
    receivedAtMs,
    inputs: inputs.value,
    outputs: outputs.value,
    inputsText: inputs.text,
    outputsText: outputs.text,
    version: cleanVersion(run.version, redactor),
    modelResolved: cleanName(run.modelResolved),
    confidence: run.confidence,
    inputTokens: run.inputTokens,
    outputTokens: run.outputTokens,
    costUsd: run.costUsd,
    retries: run.retries,
    sessionId: cleanName(redactor.text(run.sessionId)),
    businessKey: cleanKey(run.businessKey, redactor),
    attributes: cleanAttributes(run.attributes, redactor),
    steps: run.steps.slice(0, caps.stepsMax).map((step) => cleanStep(step, redactor)),
  };
}

/** The same for a step. */
export function cleanStep(step: Step, redactor: Redactor): CleanStep {
  const inputs = redactor.value(step.inputs, "input");
  const outputs = redactor.value(step.outputs, "output");
  return {
    stepId: cleanId(step.stepId),
    runId: cleanId(step.runId),
    workflow: cleanName(step.workflow),
    name: cleanName(redactor.text(step.name)),
    kind: step.kind,
    status: step.status,
    error: cleanError(step.error, redactor),
    startedAtMs: step.startedAtMs,
    endedAtMs: step.endedAtMs,
    inputs: inputs.value,
    outputs: outputs.value,
    inputsText: inputs.text,
    outputsText: outputs.text,
    retries: step.retries,
    model: cleanName(step.model),
    inputTokens: step.inputTokens,
    outputTokens: step.outputTokens,
    attributes: cleanAttributes(step.attributes, redactor),
  };
}

/** What is kept, with content that is clean too but came apart from it. */
export function withContent<T extends CleanRun | CleanStep>(kept: T, inputs: Json, outputs: Json): T {
  const texts = { inputsText: JSON.stringify(inputs), outputsText: JSON.stringify(outputs) };
  return { ...kept, inputs, outputs, ...texts };
}

/** The same as `cleanRun` for a model call. */
export function cleanCall(call: ModelCall, redactor: Redactor): ModelCall {
  return {
    ...call,
    inputs: redactor.value(call.inputs, "input").value,
    outputs: redactor.value(call.outputs, "output").value,
    version: call.version === null ? null : cleanVersion(call.version, redactor),
    modelResolved: cleanName(call.modelResolved),
    sessionId: cleanName(redactor.text(call.sessionId)),
  };
}

/** The same for a review, an outcome or a decision. */
export function cleanLabel<T extends LabelDraft>(label: T, redactor: Redactor): T {
  const ids = { runId: cleanId(label.runId), workflow: cleanName(label.workflow) };
  if (label.kind === "outcome") {
    const value = typeof label.value === "string" ? redactor.text(label.value) : label.value;
    const name = cleanName(redactor.text(label.name));
    const businessKey = cleanKey(label.businessKey, redactor);
    return { ...label, ...ids, businessKey, outcomeId: cleanId(label.outcomeId), name, value };
  }
  const said = {
    output: redactor.value(label.output, "output").value,
    reason: redactor.text(label.reason),
    note: redactor.text(label.note),
    reviewer: redactor.text(label.reviewer),
  };
  if (label.kind === "decision") {
    const businessKey = cleanKey(label.businessKey, redactor);
    return { ...label, ...ids, ...said, businessKey, decisionId: cleanId(label.decisionId) };
  }
  return {
    ...label,
    ...ids,
    ...said,
    reviewId: cleanId(label.reviewId),
  };
}

/** A key that is personal is replaced by the same stand-in on the run and on what is said of it, so that they meet. */
function cleanKey(key: string, redactor: Redactor): string {
  return key === "" ? "" : cleanId(redactor.text(key));
}

function cleanError(error: RunError | null, redactor: Redactor): RunError | null {
  if (error === null) return null;
  return {
    type: cleanName(redactor.text(error.type)),
    message: redactor.text(error.message),
    stack: redactor.text(error.stack),
  };
}

function cleanVersion(version: Version, redactor: Redactor): Version {
  return {
    id: cleanName(version.id),
    promptName: cleanName(redactor.text(version.promptName)),
    promptVersion: cleanName(redactor.text(version.promptVersion)),
    prompt: redactor.text(version.prompt),
    model: cleanName(version.model),
    settings: redactor.text(version.settings),
    codeRevision: cleanName(redactor.text(version.codeRevision)),
  };
}

function cleanAttributes(attributes: Record<string, string>, redactor: Redactor): Record<string, string> {
  const names = Object.keys(attributes);
  if (names.length === 0) return attributes;
  const clean = names.slice(0, attributesMax).map((name) => {
    const value = redactor.named(name, attributes[name] ?? "");
    return [cleanName(redactor.text(name)), shortened(value, attributeLengthMax)] as const;
  });
  return Object.fromEntries(clean);
}

/** Ids and names that others use to find a run are kept as they are, but short and well-formed. */
function cleanId(id: string): string {
  return shortened(id, idLengthMax);
}

function cleanName(name: string): string {
  return shortened(name, nameLengthMax);
}

/** Cutting makes a copy, since a slice would keep the whole text in memory; what it halves becomes U+FFFD. */
function shortened(text: string, lengthMax: number): string {
  return text.length > lengthMax ? Buffer.from(text.slice(0, lengthMax)).toString() : wellFormed(text);
}
