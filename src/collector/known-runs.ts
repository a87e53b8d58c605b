import type { Run } from "../model/run.ts";
import type { RunRef } from "../store/port.ts";
import { createRecentMap } from "./recent-map.ts";

/** A run accepted lately. */
export interface KnownRun extends RunRef {
  /** "" for a run that came as plain JSON. */
  spanId: string;
  /** "" for none. */
  businessKey: string;
}

/** What is remembered of a run. */
export function knownRunOf(run: Run): KnownRun {
  return {
    runId: run.runId,
    workflow: run.workflow,
    version: run.version.id,
    mode: run.mode,
    receivedAtMs: run.receivedAtMs,
    spanId: run.spanId,
    businessKey: run.businessKey,
  };
}

/** Recent runs by id and by trace, so that a review that comes soon after its run asks no database. Bounded. */
export interface KnownRuns {
  add(run: KnownRun, traceId: string, outputs: string): void;
  get(runId: string): KnownRun | undefined;
  byTrace(traceId: string): KnownRun | undefined;
  /** The newest run of a workflow under a business key. */
  byKey(workflow: string, businessKey: string): KnownRun | undefined;
  /** JSON text of the run's outputs, while it is at hand. */
  outputs(runId: string): string | undefined;
}

/** Creates the index of recent runs. Outputs are forgotten sooner than runs. */
export function createKnownRuns(runsMax = 100_000, outputsCharactersMax = 32 * 1024 * 1024): KnownRuns {
  const runs = createRecentMap<KnownRun>(runsMax);
  const runIds = createRecentMap<string>(runsMax);
  const keyed = createRecentMap<KnownRun>(runsMax);
  const outputs = createRecentMap<string>(outputsCharactersMax, (text) => text.length + 100);
  return {
    add(run, traceId, text) {
      runs.set(run.runId, run);
      if (traceId !== "") runIds.set(traceId, run.runId);
      if (run.businessKey !== "") keyed.set(`${run.workflow}\0${run.businessKey}`, run);
      outputs.set(run.runId, text);
    },
    get: (runId) => runs.get(runId),
    byTrace(traceId) {
      const runId = runIds.get(traceId);
      return runId === undefined ? undefined : runs.get(runId);
    },
    byKey: (workflow, businessKey) => keyed.get(`${workflow}\0${businessKey}`),
    outputs: (runId) => outputs.get(runId),
  };
}
