import type { Problem } from "./alerts/ledger.ts";
import type { Config } from "./config.ts";
import { hourMs } from "./model/clock.ts";
import type { Parts } from "./parts.ts";
import type { Retention } from "./store/layout.ts";
import type { Deletion } from "./store/port.ts";

/** Deletions are daily and may take hours, since each rewrites whole parts. */
const deletionMsMax = 6 * hourMs;

/**
 * Deletes what has outlived its retention. Where a deletion does not end, no other is begun: then people are told, since nothing
 * else would show it before the disk is full.
 */
export async function keepRetention({
  config,
  store,
  metrics,
  alerts,
  log,
}: Pick<Parts, "config" | "store" | "metrics" | "log"> & {
  alerts: Pick<Parts["alerts"], "problem">;
}): Promise<void> {
  const deletion = await store.retain(retentionOf(config));
  metrics.deletionAgeSeconds.set({}, (deletion?.ageMs ?? 0) / 1000);
  const problem = deletionProblem(deletion);
  if (!problem.solved) log.warn(problem.text);
  alerts.problem(problem);
}

function deletionProblem(deletion: Deletion | null): Problem {
  const problemId = "retention";
  if (deletion === null || deletion.ageMs < deletionMsMax)
    return { problemId, text: "Deletions in ClickHouse come to an end again", solved: true };
  const { table, ageMs, faultCode } = deletion;
  const fault = faultCode === "" ? "" : `; it fails with ClickHouse's code ${faultCode} and is tried again`;
  const text = `A deletion in ClickHouse's table '${table}' has not ended for ${Math.floor(ageMs / hourMs)} hours${fault}. What outlives its retention there stays meanwhile; 'system.mutations' says why`;
  return { problemId, text, solved: false };
}

/** How long what is kept, for all workflows and for those with days of their own. */
export function retentionOf({ retention, workflows }: Config): Retention {
  const all = { runDays: retention.runs_days, rollupDays: retention.rollups_days };
  const own = Object.entries(workflows).flatMap(
    ([
      workflow,
      {
        retention: { runs_days, rollups_days },
      },
    ]) =>
      runs_days === undefined && rollups_days === undefined
        ? []
        : [{ workflow, runDays: runs_days ?? all.runDays, rollupDays: rollups_days ?? all.rollupDays }],
  );
  return { ...all, workflows: own };
}
