import type { CanaryCase, CanaryRound } from "../model/canary.ts";
import { text } from "./columns.ts";
import type { Database } from "./database.ts";
import type { Journal } from "./port.ts";

/** Rounds kept per workflow. */
const roundsMax = 400;

/** Frozen inputs with their pinned answers, and the rounds that were answered. */
export function createCanaryRecords(database: Database): Journal["canary"] {
  return {
    cases: (workflow) =>
      database
        .all("SELECT body FROM canary_cases WHERE workflow = ? ORDER BY case_id", workflow)
        .map((row) => JSON.parse(text(row, "body")) as CanaryCase),
    find(workflow, caseId) {
      const row = database.get(
        "SELECT body FROM canary_cases WHERE workflow = ? AND case_id = ?",
        workflow,
        caseId,
      );
      return row === undefined ? null : (JSON.parse(text(row, "body")) as CanaryCase);
    },
    putCase: (one) =>
      void database.run(
        "INSERT OR REPLACE INTO canary_cases VALUES (?, ?, ?)",
        one.workflow,
        one.caseId,
        JSON.stringify(one),
      ),
    removeCase: (workflow, caseId) =>
      database.run("DELETE FROM canary_cases WHERE workflow = ? AND case_id = ?", workflow, caseId) > 0,
    rounds: (workflow, limit) =>
      database
        .all("SELECT body FROM canary_rounds WHERE workflow = ? ORDER BY at_ms DESC LIMIT ?", workflow, limit)
        .map((row) => JSON.parse(text(row, "body")) as CanaryRound),
    putRound(round) {
      database.run(
        "INSERT OR REPLACE INTO canary_rounds VALUES (?, ?, ?, ?)",
        round.roundId,
        round.workflow,
        round.atMs,
        JSON.stringify(round),
      );
      database.run(
        `DELETE FROM canary_rounds WHERE workflow = ?1 AND at_ms <
           (SELECT min(at_ms) FROM (SELECT at_ms FROM canary_rounds WHERE workflow = ?1 ORDER BY at_ms DESC LIMIT ?2))`,
        round.workflow,
        roundsMax,
      );
    },
  };
}
