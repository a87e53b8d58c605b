import type { Table } from "../model/rows.ts";
import { type Layout, onCluster } from "./layout.ts";

/** Which retention a table follows. `versions` is small and explains old incidents: it is kept for ever. */
const kinds: Record<Exclude<Table, "versions"> | "rollups_hour", "runDays" | "rollupDays"> = {
  runs: "runDays",
  steps: "runDays",
  rejects: "runDays",
  reviews: "rollupDays",
  outcomes: "rollupDays",
  decisions: "rollupDays",
  rollups: "rollupDays",
  rollups_hour: "rollupDays",
};

/**
 * Statements that give the tables their retention. It counts from the day a row was stored, so that imported history
 * is kept as long as live data.
 */
export function retentionStatements(layout: Layout): string[] {
  return Object.entries(kinds).map(([table, kind]) => {
    // An interval longer than the engine has existed stands for "for ever": a TTL that is not there cannot be removed.
    const days = layout[kind] === 0 ? foreverDays : layout[kind];
    return `ALTER TABLE ${table} ${onCluster(layout)} MODIFY TTL stored_at + INTERVAL ${days} DAY`;
  });
}

const foreverDays = 20_000;
