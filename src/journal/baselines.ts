import { integer, text } from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import type { Journal, PinnedBaseline } from "./port.ts";

/** Pinned baselines: the last one pinned is the current one, the others stay on record. */
export function createBaselines(database: Database): Journal["baselines"] {
  const newestFirst = "SELECT * FROM baselines WHERE workflow = ? ORDER BY seq DESC";
  return {
    current(workflow) {
      const row = database.get(`${newestFirst} LIMIT 1`, workflow);
      return row === undefined ? null : decode(row);
    },
    pin(pinned) {
      database.run(
        `INSERT INTO baselines (baseline_id, workflow, baseline, from_ms, to_ms, runs, pinned_at_ms, actor, reason)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        pinned.baselineId,
        pinned.workflow,
        pinned.baseline,
        pinned.fromMs,
        pinned.toMs,
        pinned.runs,
        pinned.pinnedAtMs,
        pinned.actor,
        pinned.reason,
      );
    },
    history: (workflow) => database.all(newestFirst, workflow).map(decode),
  };
}

function decode(row: SqlRow): PinnedBaseline {
  return {
    baselineId: text(row, "baseline_id"),
    workflow: text(row, "workflow"),
    baseline: text(row, "baseline"),
    fromMs: integer(row, "from_ms"),
    toMs: integer(row, "to_ms"),
    runs: integer(row, "runs"),
    pinnedAtMs: integer(row, "pinned_at_ms"),
    actor: text(row, "actor"),
    reason: text(row, "reason"),
  };
}
