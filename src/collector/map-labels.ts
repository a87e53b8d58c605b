import type { Json } from "../model/json.ts";
import { evaluation, own } from "./attributes.ts";
import type { LabelDraft } from "./labels.ts";
import { draftDecision, draftEvaluation, draftOutcome, draftReview, readVerdict } from "./labels.ts";
import type { Attributes, OtlpLog, OtlpSpan } from "./otlp.ts";
import { parseAnyContent } from "./parse-json.ts";
import { countOf, numberOf, textOf } from "./read-span.ts";

/** Where an event happened, as far as it is known. */
interface Place {
  runId: string;
  workflow: string;
  traceId: string;
  businessKey: string;
  atMs: number;
}

/** What an event turned out to be: a label, a broken label with its reason, or nothing to do with us (null). */
export type MappedLabel = LabelDraft | { kind: "bad"; reason: string } | null;

/** Reads a log record as a review or an outcome. */
export function mapLog(log: OtlpLog): MappedLabel {
  const name = log.eventName || textOf(log.attributes, ["event.name"]);
  return mapEvent(name, log.attributes, {
    runId: textOf(log.attributes, [own.runId]),
    workflow: textOf(log.attributes, [own.workflow]),
    traceId: log.traceId,
    businessKey: textOf(log.attributes, [own.businessKey]),
    atMs: log.timeMs,
  });
}

/** Reads the reviews and outcomes that a span carries as events. */
export function mapSpanLabels(span: OtlpSpan, runId: string, workflow: string): MappedLabel[] {
  return span.events.map((event) =>
    mapEvent(event.name, event.attributes, {
      runId: textOf(event.attributes, [own.runId]) || runId,
      workflow: textOf(event.attributes, [own.workflow]) || workflow,
      traceId: span.traceId,
      businessKey: "",
      atMs: event.timeMs,
    }),
  );
}

function mapEvent(name: string, attributes: Attributes, place: Place): MappedLabel {
  if (name === own.reviewEvent) return mapReview(attributes, place);
  if (name === own.outcomeEvent) return mapOutcome(attributes, place);
  if (name === own.decisionEvent) return mapDecision(attributes, place);
  return name === evaluation.event ? mapEvaluation(attributes, place) : null;
}

function mapReview(attributes: Attributes, place: Place): MappedLabel {
  const verdict = readVerdict(attributes.get(own.reviewVerdict));
  if (verdict === null) return { kind: "bad", reason: "bad_verdict" };
  if (place.runId === "" && place.traceId === "") return { kind: "bad", reason: "no_run_id" };
  return draftReview({
    ...place,
    reviewId: textOf(attributes, [own.reviewId]),
    verdict,
    output: jsonOf(attributes.get(own.reviewOutput)),
    reason: textOf(attributes, [own.reviewReason]),
    note: textOf(attributes, [own.reviewNote]),
    reviewer: textOf(attributes, [own.reviewer]),
    durationMs: countOf(attributes, [own.reviewDuration]),
  });
}

function mapOutcome(attributes: Attributes, place: Place): MappedLabel {
  const name = textOf(attributes, [own.outcomeName]);
  const value = jsonOf(attributes.get(own.outcomeValue));
  if (name === "") return { kind: "bad", reason: "no_outcome_name" };
  if (value === null || typeof value === "object") return { kind: "bad", reason: "bad_outcome_value" };
  if (!namesRun(place)) return { kind: "bad", reason: "no_run_id" };
  const mayWait = place.businessKey !== "";
  return draftOutcome({ ...place, mayWait, outcomeId: textOf(attributes, [own.outcomeId]), name, value });
}

function mapDecision(attributes: Attributes, place: Place): MappedLabel {
  const output = jsonOf(attributes.get(own.decisionOutput));
  if (output === null) return { kind: "bad", reason: "no_decision_output" };
  if (!namesRun(place)) return { kind: "bad", reason: "no_run_id" };
  return draftDecision({
    ...place,
    decisionId: textOf(attributes, [own.decisionId]),
    output,
    reason: textOf(attributes, [own.decisionReason]),
    note: textOf(attributes, [own.decisionNote]),
    reviewer: textOf(attributes, [own.decisionReviewer]),
  });
}

/** A business key means something within its workflow only. */
function namesRun({ runId, traceId, businessKey, workflow }: Place): boolean {
  return runId !== "" || traceId !== "" || (businessKey !== "" && workflow !== "");
}

function mapEvaluation(attributes: Attributes, place: Place): MappedLabel {
  if (place.runId === "" && place.traceId === "") return { kind: "bad", reason: "no_run_id" };
  const draft = draftEvaluation(place, {
    name: textOf(attributes, [evaluation.name]),
    label: textOf(attributes, [evaluation.label]),
    score: numberOf(attributes, [evaluation.score]),
    explanation: textOf(attributes, [evaluation.explanation]),
    reviewer: "",
    mayReview: true,
  });
  return draft ?? { kind: "bad", reason: "bad_evaluation" };
}

function jsonOf(value: Json | undefined): Json {
  if (value === undefined || value === "") return null;
  return typeof value === "string" ? parseAnyContent(value) : value;
}
