import { integer, text } from "./columns.ts";
import type { Database } from "./database.ts";
import type { Journal } from "./port.ts";

/** Outcomes and decisions that came before their runs. */
export function createWaitingLabels(database: Database): Journal["waitingLabels"] {
  return {
    put(entries) {
      database.transaction(
        () => {
          for (const { id, awaits, body, sinceMs } of entries)
            database.run(
              "INSERT OR IGNORE INTO waiting_labels VALUES (?, ?, ?, ?)",
              id,
              awaits,
              body,
              sinceMs,
            );
        },
        () => undefined,
      );
    },
    remove: (ids) =>
      void database.run(
        "DELETE FROM waiting_labels WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(ids),
      ),
    all: () =>
      database.all("SELECT id, awaits, since_ms FROM waiting_labels ORDER BY since_ms, id").map((row) => ({
        id: text(row, "id"),
        awaits: text(row, "awaits"),
        sinceMs: integer(row, "since_ms"),
      })),
    bodies: (ids) =>
      database
        .all(
          "SELECT id, body FROM waiting_labels WHERE id IN (SELECT value FROM json_each(?))",
          JSON.stringify(ids),
        )
        .map((row) => ({ id: text(row, "id"), body: text(row, "body") })),
  };
}
