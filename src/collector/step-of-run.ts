import type { Run, Step } from "../model/run.ts";

/** A span that was read as a run, as a step of the run that it belongs to after all. */
export function stepOfRun(run: Run): Step {
  return {
    stepId: `${run.traceId}/${run.spanId}`,
    runId: run.runId,
    workflow: run.workflow,
    name: run.workflow,
    kind: "step",
    status: run.status,
    error: run.error,
    startedAtMs: run.startedAtMs,
    endedAtMs: run.endedAtMs,
    inputs: run.inputs,
    outputs: run.outputs,
    retries: run.retries,
    model: run.version.model,
    inputTokens: run.inputTokens,
    outputTokens: run.outputTokens,
    attributes: run.attributes,
  };
}
