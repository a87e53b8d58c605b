import type { Json, JsonObject } from "../model/json.ts";

/** What became of one run of a batch. */
export type RunFate = "new" | "known" | { refused: string };

/** Where runs go: a running sidecar, or one that was built for the import. */
export interface RunSink {
  /**
   * Sends a batch as history. Resolves once the runs are durable, with the fate of each, in order.
   *
   * @throws {PermanentError} If the other side can never take it. @throws {TransientError} If it cannot take it now.
   */
  send(runs: readonly JsonObject[]): Promise<RunFate[]>;
}

/** Reads the collector's answer to a batch; null if it is not one. */
export function readFates(answer: Json, count: number): RunFate[] | null {
  const runs = typeof answer === "object" && answer !== null && !Array.isArray(answer) ? answer.runs : answer;
  if (!Array.isArray(runs) || runs.length !== count) return null;
  return runs.map((one) => {
    const { status, error } = one as { status?: string; error?: string };
    if (status === "accepted") return "new";
    return status === "duplicate" ? "known" : { refused: error ?? "" };
  });
}
