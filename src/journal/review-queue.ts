import { integer, text } from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import type { ClaimedRun, Journal } from "./port.ts";

/**
 * The runs that wait for a person. A row is `waiting`, `claimed` or `done`; a claim whose time has passed counts
 * as waiting, so that a reviewer who went home holds nothing up.
 */
export function createReviewQueue(database: Database): Journal["reviewQueue"] {
  return { ...createEntries(database), claim: createClaim(database), ...createCounts(database) };
}

function createEntries(
  database: Database,
): Pick<Journal["reviewQueue"], "add" | "has" | "held" | "extend" | "release" | "done"> {
  return {
    add(run) {
      const added = database.run(
        `INSERT INTO review_queue
           (run_id, round, workflow, version, received_at_ms, chosen_by, why, probability, queued_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        run.runId,
        run.round,
        run.workflow,
        run.version,
        run.receivedAtMs,
        run.chosenBy,
        run.why,
        run.probability,
        run.queuedAtMs,
      );
      return added > 0;
    },
    has: (runId) => database.get("SELECT 1 AS found FROM review_queue WHERE run_id = ?", runId) !== undefined,
    held(runId, reviewer, nowMs) {
      const row = database.get(
        `SELECT * FROM review_queue
         WHERE run_id = ? AND state = 'claimed' AND reviewer = ? AND claimed_until_ms > ?`,
        runId,
        reviewer,
        nowMs,
      );
      return row === undefined ? null : decode(row);
    },
    extend: ({ runId, round }, untilMs) =>
      void database.run(
        "UPDATE review_queue SET claimed_until_ms = ? WHERE run_id = ? AND round = ? AND state = 'claimed'",
        untilMs,
        runId,
        round,
      ),
    release: ({ runId, round }, nowMs) =>
      void database.run(
        `UPDATE review_queue SET state = 'waiting', reviewer = '', claimed_until_ms = 0, queued_at_ms = ?
         WHERE run_id = ? AND round = ? AND state != 'done'`,
        nowMs,
        runId,
        round,
      ),
    done: ({ runId, round }, atMs) =>
      void database.run(
        "UPDATE review_queue SET state = 'done', done_at_ms = ? WHERE run_id = ? AND round = ?",
        atMs,
        runId,
        round,
      ),
  };
}

function createClaim(database: Database): Journal["reviewQueue"]["claim"] {
  return ({ reviewer, nowMs, untilMs, workflow, except = [] }) => {
    const row = database.get(
      `SELECT * FROM review_queue AS open
       WHERE state != 'done' AND (?1 IS NULL OR workflow = ?1)
         AND (state = 'waiting' OR claimed_until_ms <= ?2 OR reviewer = ?3)
         AND run_id NOT IN (SELECT value FROM json_each(?4))
         AND NOT EXISTS (SELECT 1 FROM review_queue AS other WHERE other.run_id = open.run_id
           AND other.round != open.round AND other.reviewer = ?3)
       ORDER BY (state = 'claimed' AND reviewer = ?3 AND claimed_until_ms > ?2) DESC, queued_at_ms, run_id
       LIMIT 1`,
      workflow ?? null,
      nowMs,
      reviewer,
      JSON.stringify(except),
    );
    if (row === undefined) return null;
    const claimed = decode(row);
    const isHeld =
      text(row, "state") === "claimed" &&
      text(row, "reviewer") === reviewer &&
      claimed.claimedUntilMs > nowMs;
    const claimedAtMs = isHeld ? claimed.claimedAtMs : nowMs;
    database.run(
      `UPDATE review_queue SET state = 'claimed', reviewer = ?, claimed_at_ms = ?, claimed_until_ms = ?
       WHERE run_id = ? AND round = ?`,
      reviewer,
      claimedAtMs,
      untilMs,
      claimed.runId,
      claimed.round,
    );
    return { ...claimed, claimedAtMs, claimedUntilMs: untilMs };
  };
}

function createCounts(database: Database): Pick<Journal["reviewQueue"], "open" | "answered" | "forget"> {
  return {
    open: () =>
      database
        .all(
          `SELECT workflow, count(*) AS runs FROM review_queue WHERE state != 'done'
           GROUP BY workflow ORDER BY workflow`,
        )
        .map((row) => ({ workflow: text(row, "workflow"), runs: integer(row, "runs") })),
    answered(reviewer, sinceMs) {
      const row = database.get(
        "SELECT count(*) AS runs FROM review_queue WHERE state = 'done' AND reviewer = ? AND done_at_ms >= ?",
        reviewer,
        sinceMs,
      );
      return row === undefined ? 0 : integer(row, "runs");
    },
    forget: (beforeMs, workflow) =>
      void database.run(
        `DELETE FROM review_queue WHERE (?2 IS NULL OR workflow = ?2)
           AND ((state = 'done' AND done_at_ms < ?1) OR (state != 'done' AND queued_at_ms < ?1))`,
        beforeMs,
        workflow ?? null,
      ),
  };
}

function decode(row: SqlRow): ClaimedRun {
  return {
    runId: text(row, "run_id"),
    round: integer(row, "round"),
    workflow: text(row, "workflow"),
    version: text(row, "version"),
    receivedAtMs: integer(row, "received_at_ms"),
    chosenBy: text(row, "chosen_by") as ClaimedRun["chosenBy"],
    why: text(row, "why"),
    probability: integer(row, "probability"),
    queuedAtMs: integer(row, "queued_at_ms"),
    claimedAtMs: integer(row, "claimed_at_ms"),
    claimedUntilMs: integer(row, "claimed_until_ms"),
  };
}
