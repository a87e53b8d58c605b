import type { Json } from "../model/json.ts";
import type { Run, Version } from "../model/run.ts";
import { withVersionId } from "./version-id.ts";

/** One model call of a trace: it speaks for the trace's run where the run's own span says less. */
export interface ModelCall {
  traceId: string;
  spanId: string;
  startedAtMs: number;
  endedAtMs: number;
  /** Null where it does not say. */
  inputs: Json;
  outputs: Json;
  /** Null where only its content is known, as from a log record. */
  version: Version | null;
  modelResolved: string;
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  sessionId: string;
}

/**
 * Completes a run of a trace with what its model calls say: the inputs, model and prompt of the first, the outputs of the
 * last, and all their tokens. What the run's own span says is left as it is. Instrumentations put content, model and
 * prompt on the model calls, and often nothing but a name on the span above them.
 *
 * The version is the first call's, since that one is made before a run can take another way or fail.
 *
 * @param calls in any order.
 */
export function completeRun(run: Run, calls: readonly ModelCall[]): Run {
  if (calls.length === 0) return run;
  const inOrder = calls.toSorted((a, b) => a.startedAtMs - b.startedAtMs || a.endedAtMs - b.endedAtMs);
  return {
    ...run,
    inputs: run.inputs ?? inOrder.find((call) => call.inputs !== null)?.inputs ?? null,
    outputs: run.outputs ?? outputsOf(run, calls),
    version: completeVersion(run.version, inOrder),
    modelResolved: run.modelResolved || textOf(inOrder, (call) => call.modelResolved),
    inputTokens: run.inputTokens ?? sumOf(calls, (call) => call.inputTokens),
    outputTokens: run.outputTokens ?? sumOf(calls, (call) => call.outputTokens),
    costUsd: run.costUsd ?? sumOf(calls, (call) => call.costUsd),
    sessionId: run.sessionId || textOf(inOrder, (call) => call.sessionId),
  };
}

/** What the calls before a failure said is not what the run answered. */
function outputsOf(run: Run, calls: readonly ModelCall[]): Json {
  if (run.status === "error") return null;
  const latestFirst = calls.toSorted((a, b) => b.endedAtMs - a.endedAtMs || b.startedAtMs - a.startedAtMs);
  return latestFirst.find((call) => call.outputs !== null)?.outputs ?? null;
}

function completeVersion(version: Version, inOrder: readonly ModelCall[]): Version {
  const spoken = inOrder.find((call) => call.version !== null && call.version.id !== "")?.version;
  if (spoken == null) return version;
  const { id, ...own } = version;
  const isGiven = id !== withVersionId("", own).id;
  return withVersionId(isGiven ? id : "", {
    promptName: own.promptName || spoken.promptName,
    promptVersion: own.promptVersion || spoken.promptVersion,
    prompt: own.prompt || spoken.prompt,
    model: own.model || spoken.model,
    settings: own.settings || spoken.settings,
    codeRevision: own.codeRevision || spoken.codeRevision,
  });
}

function textOf(calls: readonly ModelCall[], read: (call: ModelCall) => string): string {
  for (const call of calls) {
    const text = read(call);
    if (text !== "") return text;
  }
  return "";
}

function sumOf(calls: readonly ModelCall[], read: (call: ModelCall) => number | null): number | null {
  let sum: number | null = null;
  for (const call of calls) {
    const count = read(call);
    if (count !== null) sum = (sum ?? 0) + count;
  }
  return sum;
}
