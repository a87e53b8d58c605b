import { type Approval, isOpen } from "../model/approval.ts";
import { integer, text } from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import type { Journal } from "./port.ts";

/** Items that are held before the act, with what became of them. */
export function createApprovals(database: Database): Journal["approvals"] {
  return { ...createItems(database), ...createLists(database) };
}

function createItems(database: Database): Pick<Journal["approvals"], "put" | "get" | "counted" | "forget"> {
  return {
    put: (approval, askedBy = "") =>
      void database.run(
        `INSERT INTO approvals (approval_id, workflow, state, held_at_ms, deadline_ms, is_open, body, asked_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (approval_id) DO UPDATE SET state = excluded.state, is_open = excluded.is_open,
           body = excluded.body`,
        approval.approvalId,
        approval.workflow,
        approval.state,
        approval.heldAtMs,
        approval.deadlineMs,
        isOpen(approval) ? 1 : 0,
        JSON.stringify(approval),
        askedBy,
      ),
    get(approvalId) {
      const row = database.get("SELECT body FROM approvals WHERE approval_id = ?", approvalId);
      return row === undefined ? null : decode(row);
    },
    counted: (approvalId) =>
      void database.run("UPDATE approvals SET counted = 1 WHERE approval_id = ?", approvalId),
    forget: (beforeMs) =>
      void database.run(
        "DELETE FROM approvals WHERE held_at_ms < ? AND is_open = 0 AND counted = 1",
        beforeMs,
      ),
  };
}

function createLists(
  database: Database,
): Pick<Journal["approvals"], "open" | "list" | "due" | "uncounted" | "openAskedBy" | "openCounts"> {
  const decodeAll = (rows: SqlRow[]) => rows.map(decode);
  return {
    open: ({ workflow, limit = 100 } = {}) =>
      decodeAll(
        database.all(
          `SELECT body FROM approvals WHERE is_open = 1 AND (?1 IS NULL OR workflow = ?1)
           ORDER BY state != 'held', deadline_ms, approval_id LIMIT ?2`,
          workflow ?? null,
          limit,
        ),
      ),
    list: ({ workflow, state, limit = 100 } = {}) =>
      decodeAll(
        database.all(
          `SELECT body FROM approvals WHERE (?1 IS NULL OR workflow = ?1) AND (?2 IS NULL OR state = ?2)
           ORDER BY held_at_ms DESC, approval_id LIMIT ?3`,
          workflow ?? null,
          state ?? null,
          limit,
        ),
      ),
    due: (nowMs, limit) =>
      decodeAll(
        database.all(
          "SELECT body FROM approvals WHERE state = 'held' AND deadline_ms <= ? ORDER BY deadline_ms LIMIT ?",
          nowMs,
          limit,
        ),
      ),
    uncounted: (limit) =>
      decodeAll(
        database.all(
          "SELECT body FROM approvals WHERE counted = 0 AND state != 'held' ORDER BY held_at_ms LIMIT ?",
          limit,
        ),
      ),
    openAskedBy: (key) =>
      integer(
        database.get("SELECT count(*) AS items FROM approvals WHERE is_open = 1 AND asked_by = ?", key) ?? {},
        "items",
      ),
    openCounts: () =>
      database
        .all(
          `SELECT workflow, count(*) AS items FROM approvals WHERE is_open = 1
           GROUP BY workflow ORDER BY workflow`,
        )
        .map((row) => ({ workflow: text(row, "workflow"), items: integer(row, "items") })),
  };
}

function decode(row: SqlRow): Approval {
  return JSON.parse(text(row, "body")) as Approval;
}
