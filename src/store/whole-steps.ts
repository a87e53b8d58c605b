import type { RunRow, StepRow } from "../model/rows.ts";

/**
 * The steps of a run as they happened: the content that came in log records of its own goes to the step of its span,
 * and the run's own span, stored as a step while the run was not known, is left out.
 */
export function wholeSteps(run: Pick<RunRow, "trace_id" | "span_id">, steps: readonly StepRow[]): StepRow[] {
  const spans = new Map(steps.map((step) => [step.step_id, { ...step }]));
  if (run.span_id !== "") spans.delete(`${run.trace_id}/${run.span_id}`);
  for (const { step_id: id, inputs, outputs } of steps) {
    // `collector/map-contents.ts` makes these ids.
    const [spanId = "", log] = id.split("/log-", 2);
    const span = log === undefined ? undefined : spans.get(spanId);
    if (span === undefined) continue;
    if (span.inputs === "null") span.inputs = inputs;
    if (span.outputs === "null") span.outputs = outputs;
    spans.delete(id);
  }
  return [...spans.values()];
}
