import type { ChangeEvent } from "../model/incident.ts";
import { integer, text } from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import type { AuditEntry, Journal } from "./port.ts";

/** The small tables: detector states, change events, the audit log and named values. */
export function createRecords(database: Database): Pick<Journal, "detectors" | "changes" | "audit" | "meta"> {
  return {
    detectors: createDetectors(database),
    changes: createChanges(database),
    audit: createAudit(database),
    meta: createMeta(database),
  };
}

function createDetectors(database: Database): Journal["detectors"] {
  return {
    load(workflow) {
      const row = database.get("SELECT state, through_ms FROM detectors WHERE workflow = ?", workflow);
      return row === undefined ? null : { state: text(row, "state"), throughMs: integer(row, "through_ms") };
    },
    save(workflow, state, throughMs) {
      database.run(
        `INSERT INTO detectors (workflow, state, through_ms) VALUES (?, ?, ?)
         ON CONFLICT (workflow) DO UPDATE SET state = excluded.state, through_ms = excluded.through_ms`,
        workflow,
        state,
        throughMs,
      );
    },
  };
}

function createChanges(database: Database): Journal["changes"] {
  return {
    append(change) {
      const added = database.run(
        "INSERT INTO changes (change_id, workflow, at_ms, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        change.changeId,
        change.workflow,
        change.atMs,
        JSON.stringify(change),
      );
      return added > 0;
    },
    list({ workflow, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, limit = 100 }) {
      return database
        .all(
          `SELECT body FROM changes WHERE (?1 IS NULL OR workflow = ?1) AND at_ms >= ?2 AND at_ms < ?3
           ORDER BY at_ms DESC, change_id LIMIT ?4`,
          workflow ?? null,
          fromMs,
          toMs,
          limit,
        )
        .map((row) => JSON.parse(text(row, "body")) as ChangeEvent);
    },
  };
}

function createAudit(database: Database): Journal["audit"] {
  return {
    append(entry) {
      database.run(
        "INSERT INTO audit (at_ms, actor, action, workflow, detail) VALUES (?, ?, ?, ?, ?)",
        entry.atMs,
        entry.actor,
        entry.action,
        entry.workflow,
        entry.detail,
      );
    },
    list: ({ workflow, limit = 100 } = {}) =>
      database
        .all(
          "SELECT * FROM audit WHERE (?1 IS NULL OR workflow = ?1) ORDER BY seq DESC LIMIT ?2",
          workflow ?? null,
          limit,
        )
        .map(decodeEntry),
  };
}

function decodeEntry(row: SqlRow): AuditEntry {
  return {
    atMs: integer(row, "at_ms"),
    actor: text(row, "actor"),
    action: text(row, "action"),
    workflow: text(row, "workflow"),
    detail: text(row, "detail"),
  };
}

function createMeta(database: Database): Journal["meta"] {
  return {
    get(key) {
      const row = database.get("SELECT value FROM meta WHERE key = ?", key);
      return row === undefined ? null : text(row, "value");
    },
    set(key, value) {
      database.run(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        value,
      );
    },
  };
}
