import { integer, text } from "./columns.ts";
import type { Database, SqlRow, SqlValue } from "./database.ts";
import type { Delivery, Journal, OutboxMessage } from "./port.ts";

/**
 * The messages owed. A message is `pending` until it is `delivered` or given up as `dead`; the first pending
 * message of a (channel, subject) holds back those behind it, so that people read them in order.
 */
export function createOutbox(database: Database): Journal["outbox"] {
  return { ...createReads(database), ...createWrites(database) };
}

function createWrites(
  database: Database,
): Pick<Journal["outbox"], "enqueue" | "delivered" | "failed" | "dead" | "withdraw" | "retry" | "prune"> {
  return {
    enqueue: (message) => enqueue(database, message),

    delivered(key, atMs) {
      database.run(
        `UPDATE outbox SET state = 'delivered', attempts = attempts + 1, delivered_at_ms = ?, last_error = ''
         WHERE key = ?`,
        atMs,
        key,
      );
    },

    failed(key, error, nextAttemptAtMs) {
      database.run(
        "UPDATE outbox SET attempts = attempts + 1, last_error = ?, next_attempt_at_ms = ? WHERE key = ?",
        error,
        nextAttemptAtMs,
        key,
      );
    },

    dead(key, error) {
      database.run(
        "UPDATE outbox SET state = 'dead', attempts = attempts + 1, last_error = ? WHERE key = ?",
        error,
        key,
      );
    },

    withdraw: (key) =>
      void database.run("DELETE FROM outbox WHERE key = ? AND state = 'pending' AND attempts = 0", key),

    prune: (deliveredBeforeMs) =>
      database.run("DELETE FROM outbox WHERE state = 'delivered' AND delivered_at_ms < ?", deliveredBeforeMs),

    retry(key, nowMs) {
      const changed = database.run(
        `UPDATE outbox SET state = 'pending', attempts = 0, next_attempt_at_ms = ?
         WHERE key = ? AND state = 'dead'`,
        nowMs,
        key,
      );
      return changed > 0;
    },
  };
}

function enqueue(database: Database, message: OutboxMessage): void {
  const { key, channel, subject, workflow, payload, createdAtMs, notBeforeMs = 0 } = message;
  const added = database.run(
    `INSERT INTO outbox (key, channel, subject, workflow, payload, created_at_ms, next_attempt_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING`,
    key,
    channel,
    subject,
    workflow,
    payload,
    createdAtMs,
    notBeforeMs,
  );
  if (added === 0 || notBeforeMs > 0) return;
  // Those before it were held, not failed: nothing has been attempted yet.
  database.run(
    `UPDATE outbox SET next_attempt_at_ms = 0
     WHERE state = 'pending' AND attempts = 0 AND channel = ? AND subject = ?`,
    channel,
    subject,
  );
}

function createReads(database: Database): Pick<Journal["outbox"], "due" | "get" | "list" | "counts"> {
  return {
    get(key) {
      const row = database.get("SELECT * FROM outbox WHERE key = ?", key);
      return row === undefined ? null : decode(row);
    },

    due(nowMs, limit) {
      return database
        .all(
          `SELECT * FROM outbox WHERE next_attempt_at_ms <= ? AND seq IN
             (SELECT min(seq) FROM outbox WHERE state = 'pending' GROUP BY channel, subject)
           ORDER BY seq LIMIT ?`,
          nowMs,
          limit,
        )
        .map(decode);
    },

    list({ state, subject, limit = 100 } = {}) {
      const conditions: string[] = [];
      const values: SqlValue[] = [];
      if (state !== undefined) {
        conditions.push("state = ?");
        values.push(state);
      }
      if (subject !== undefined) {
        conditions.push("subject = ?");
        values.push(subject);
      }
      const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
      return database
        .all(`SELECT * FROM outbox ${where} ORDER BY seq DESC LIMIT ?`, ...values, limit)
        .map(decode);
    },

    counts: () =>
      database
        .all("SELECT channel, state, count(*) AS messages FROM outbox GROUP BY channel, state")
        .map((row) => ({
          channel: text(row, "channel"),
          state: text(row, "state") as Delivery["state"],
          messages: integer(row, "messages"),
        })),
  };
}

function decode(row: SqlRow): Delivery {
  return {
    key: text(row, "key"),
    channel: text(row, "channel"),
    subject: text(row, "subject"),
    workflow: text(row, "workflow"),
    payload: text(row, "payload"),
    createdAtMs: integer(row, "created_at_ms"),
    state: text(row, "state") as Delivery["state"],
    attempts: integer(row, "attempts"),
    nextAttemptAtMs: integer(row, "next_attempt_at_ms"),
    lastError: text(row, "last_error"),
    deliveredAtMs: row["delivered_at_ms"] as number | null,
  };
}
