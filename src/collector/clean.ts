import type { Run, RunError, Step, Version } from "../model/run.ts";
import type { Caps } from "./cut.ts";
import type { LabelDraft } from "./labels.ts";
import type { Redactor } from "./redact.ts";
import { wellFormed } from "./well-formed.ts";

const idLengthMax = 300;
const nameLengthMax = 200;
const attributesMax = 50;
const attributeLengthMax = 256;

/** Takes from a run everything that must not be kept: secrets, personal data, what is past the caps. Pure. */
export function cleanRun(run: Run, redactor: Redactor, caps: Caps): Run {
  return {
    ...run,
    workflow: cleanName(run.workflow),
    runId: cleanId(run.runId),
    error: cleanError(run.error, redactor),
    inputs: redactor.value(run.inputs, "input"),
    outputs: redactor.value(run.outputs, "output"),
    version: cleanVersion(run.version, redactor),
    modelResolved: cleanName(run.modelResolved),
    traceId: cleanId(run.traceId),
    sessionId: cleanName(redactor.text(run.sessionId)),
    attributes: cleanAttributes(run.attributes, redactor),
    steps: run.steps.slice(0, caps.stepsMax).map((step) => cleanStep(step, redactor)),
  };
}

/** The same for a step. */
export function cleanStep(step: Step, redactor: Redactor): Step {
  return {
    ...step,
    stepId: cleanId(step.stepId),
    runId: cleanId(step.runId),
    workflow: cleanName(step.workflow),
    name: cleanName(redactor.text(step.name)),
    error: cleanError(step.error, redactor),
    inputs: redactor.value(step.inputs, "input"),
    outputs: redactor.value(step.outputs, "output"),
    model: cleanName(step.model),
    attributes: cleanAttributes(step.attributes, redactor),
  };
}

/** The same for a review or an outcome. */
export function cleanLabel<T extends LabelDraft>(label: T, redactor: Redactor): T {
  const ids = { runId: cleanId(label.runId), workflow: cleanName(label.workflow) };
  if (label.kind === "outcome") {
    const value = typeof label.value === "string" ? redactor.text(label.value) : label.value;
    const name = cleanName(redactor.text(label.name));
    return { ...label, ...ids, outcomeId: cleanId(label.outcomeId), name, value };
  }
  return {
    ...label,
    ...ids,
    reviewId: cleanId(label.reviewId),
    output: redactor.value(label.output, "output"),
    reason: redactor.text(label.reason),
    note: redactor.text(label.note),
    reviewer: redactor.text(label.reviewer),
  };
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
