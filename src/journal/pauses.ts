import { integer, text } from "./columns.ts";
import type { Database, SqlRow } from "./database.ts";
import type { Journal, PauseState } from "./port.ts";

/** Pause states, written through to SQLite and answered from memory: the gate is asked before every run. */
export function createPauses(database: Database): Journal["pauses"] & {
  /** Reads memory back from SQLite, after a transaction that was rolled back. */
  reload(): void;
} {
  const states = new Map<string, PauseState>();

  function reload(): void {
    states.clear();
    for (const state of database.all("SELECT * FROM pauses").map(decode)) states.set(state.workflow, state);
  }

  reload();
  return {
    reload,
    get: (workflow) => states.get(workflow) ?? running(workflow),
    set(state) {
      database.run(
        `INSERT INTO pauses (workflow, state, since_ms, reason, actor, incident_id) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (workflow) DO UPDATE SET state = excluded.state, since_ms = excluded.since_ms,
           reason = excluded.reason, actor = excluded.actor, incident_id = excluded.incident_id`,
        state.workflow,
        state.state,
        state.sinceMs,
        state.reason,
        state.actor,
        state.incidentId,
      );
      states.set(state.workflow, state);
    },
    all: () => [...states.values()],
  };
}

function running(workflow: string): PauseState {
  return { workflow, state: "running", sinceMs: 0, reason: "", actor: "", incidentId: "" };
}

function decode(row: SqlRow): PauseState {
  return {
    workflow: text(row, "workflow"),
    state: text(row, "state") as PauseState["state"],
    sinceMs: integer(row, "since_ms"),
    reason: text(row, "reason"),
    actor: text(row, "actor"),
    incidentId: text(row, "incident_id"),
  };
}
