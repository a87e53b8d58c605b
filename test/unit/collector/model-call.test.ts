import { describe, expect, it } from "vitest";
import { readTraces } from "../../../src/collector/decode.ts";
import { completeRun, type ModelCall } from "../../../src/collector/model-call.ts";
import { withVersionId } from "../../../src/collector/version-id.ts";
import type { Run } from "../../../src/model/run.ts";
import { spanJson, tracesJson } from "./harness.ts";

/** The run of a span that says nothing but what it is. */
function silentRun(more: Partial<Run> = {}): Run {
  const span = spanJson("aa", "01", { "gen_ai.operation.name": "invoke_workflow" });
  const [run] = readTraces(tracesJson([span]), "json", Date.UTC(2026, 10, 20, 9)).runs;
  return { ...run!, ...more };
}

const deployed = (model: string, given = "") =>
  withVersionId(given, {
    promptName: "",
    promptVersion: "",
    prompt: "",
    model,
    settings: "",
    codeRevision: "",
  });

function call(startedAtMs: number, more: Partial<ModelCall> = {}): ModelCall {
  return {
    traceId: "t",
    spanId: String(startedAtMs),
    startedAtMs,
    endedAtMs: startedAtMs + 5,
    inputs: `in ${startedAtMs}`,
    outputs: `out ${startedAtMs}`,
    version: deployed("small"),
    modelResolved: "small-1",
    inputTokens: 10,
    outputTokens: null,
    costUsd: 0.5,
    sessionId: "",
    ...more,
  };
}

describe("completeRun()", () => {
  it("takes the input of the first call, the output of the last, and sums what they spent", () => {
    const run = completeRun(silentRun(), [call(30), call(10), call(20)]);
    expect(run).toMatchObject({ inputs: "in 10", outputs: "out 30", inputTokens: 30, costUsd: 1.5 });
    expect(run.outputTokens).toBeNull();
  });

  it("takes no output of a call before the run failed", () => {
    const run = completeRun(silentRun({ status: "error" }), [call(10)]);
    expect(run).toMatchObject({ inputs: "in 10", outputs: null });
  });

  const calls = [call(10), call(20, { version: deployed("large"), modelResolved: "large-1" })];
  it("keeps the version of a run that failed after its first call", () => {
    const whole = completeRun(silentRun(), calls);
    const failed = completeRun(silentRun({ status: "error" }), calls.slice(0, 1));
    expect(failed.version).toEqual(whole.version);
    expect(whole).toMatchObject({ version: { model: "small" }, modelResolved: "small-1" });
  });

  it("keeps what the run's own span says, and a version that was given", () => {
    const own = { inputs: 0, outputs: false, inputTokens: 0, modelResolved: "own", sessionId: "s" };
    const run = completeRun(silentRun({ ...own, version: deployed("mine", "v1") }), calls);
    expect(run).toMatchObject({ ...own, version: { id: "v1", model: "mine" } });
  });

  it("changes nothing without calls", () => {
    const run = silentRun();
    expect(completeRun(run, [])).toBe(run);
  });
});
