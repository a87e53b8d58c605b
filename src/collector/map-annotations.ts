import { annotationForms, kindKeys } from "./attributes.ts";
import type { LabelDraft } from "./labels.ts";
import { draftEvaluation } from "./labels.ts";
import type { Attributes, OtlpSpan } from "./otlp.ts";
import { numberOf, textOf } from "./read-span.ts";

const annotationsMax = 50;

/**
 * Reads the annotations that OpenInference puts on a span: a person's whose label is a verdict is a review, every other
 * (a score, a model's or a program's judgement) is an outcome.
 */
export function mapAnnotations(span: OtlpSpan, runId: string, workflow: string): LabelDraft[] {
  const labels: LabelDraft[] = [];
  if (runId === "" || !span.attributes.has(kindKeys.openInference)) return labels;
  for (const { prefix, member } of annotationForms) {
    for (let index = 0; index < annotationsMax; index += 1) {
      const place = { runId, workflow, traceId: span.traceId, businessKey: "", atMs: span.endMs };
      const label = readAnnotation(span.attributes, `${prefix}${index}.${member}`, place);
      if (label === undefined) break;
      if (label !== null) labels.push(label);
    }
  }
  return labels;
}

/** Null where it says nothing that counts; undefined where there is none. */
function readAnnotation(
  attributes: Attributes,
  prefix: string,
  place: Parameters<typeof draftEvaluation>[0],
): LabelDraft | null | undefined {
  const read = (name: string) => textOf(attributes, [`${prefix}${name}`]);
  const name = read("name");
  const label = read("label");
  const score = numberOf(attributes, [`${prefix}score`]);
  if (name === "" && label === "" && score === null) return undefined;
  return draftEvaluation(place, {
    name,
    label,
    score,
    explanation: read("explanation"),
    reviewer: read("identifier"),
    mayReview: read("annotator_kind").toUpperCase() === "HUMAN",
  });
}
