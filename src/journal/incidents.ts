import type { Incident } from "../model/incident.ts";
import { text } from "./columns.ts";
import type { Database, SqlRow, SqlValue } from "./database.ts";
import type { Journal } from "./port.ts";

/** The incidents table: the columns that are searched, and the whole incident as JSON. */
export function createIncidents(database: Database): Journal["incidents"] {
  return {
    put(incident) {
      database.run(
        `INSERT INTO incidents (incident_id, workflow, state, opened_at_ms, body) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (incident_id) DO UPDATE SET state = excluded.state, body = excluded.body`,
        incident.incidentId,
        incident.workflow,
        incident.state,
        incident.openedAtMs,
        JSON.stringify(incident),
      );
    },

    get(incidentId) {
      const row = database.get("SELECT body FROM incidents WHERE incident_id = ?", incidentId);
      return row === undefined ? null : decode(row);
    },

    list({ workflow, states, limit = 100 } = {}) {
      const conditions: string[] = [];
      const values: SqlValue[] = [];
      if (workflow !== undefined) {
        conditions.push("workflow = ?");
        values.push(workflow);
      }
      if (states !== undefined) {
        conditions.push(`state IN (${states.map(() => "?").join(", ")})`);
        values.push(...states);
      }
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
      return database
        .all(
          `SELECT body FROM incidents ${where} ORDER BY opened_at_ms DESC, incident_id LIMIT ?`,
          ...values,
          limit,
        )
        .map(decode);
    },
  };
}

function decode(row: SqlRow): Incident {
  return JSON.parse(text(row, "body")) as Incident;
}
