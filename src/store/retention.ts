import type { Table } from "../model/rows.ts";
import { storedTable } from "./cluster.ts";
import type { Engine } from "./engine.ts";
import { type Layout, onCluster, type Retention } from "./layout.ts";
import { sqlLiteral } from "./sql-literal.ts";

type Days = "runDays" | "rollupDays";

/** Which retention a table follows. `versions` is small and explains old incidents: it is kept for ever. */
const kinds: Record<Exclude<Table, "versions"> | "rollups_hour", Days> = {
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
 * is kept as long as live data. Parts are dropped whole, so that a table is kept as long as the longest of its workflows;
 * `expire` takes the others out of it.
 */
export function retentionStatements(layout: Layout): string[] {
  return Object.entries(kinds).map(([table, kind]) => {
    const days = table === "rejects" ? lasting(layout[kind]) : longest(layout, kind);
    return `ALTER TABLE ${storedTable(table, layout)} ${onCluster(layout)} MODIFY TTL stored_at + INTERVAL ${days} DAY`;
  });
}

/** What tells one retention from another. */
export function retentionMark(retention: Retention): string {
  // With the number of tables, so that one that is added later gets its retention too.
  return `runs ${longest(retention, "runDays")} rollups ${longest(retention, "rollupDays")} tables ${Object.keys(kinds).length}`;
}

/** Deletes the rows of workflows that have outlived their own retention while their table lives on. */
export async function expire(engine: Engine, layout: Layout): Promise<void> {
  for (const [table, kind] of Object.entries(kinds)) {
    if (table === "rejects") continue;
    for (const { which, days } of shorter(layout, kind)) {
      const isOld = `${which} AND stored_at < now() - INTERVAL ${days} DAY`;
      const found = await engine.select<unknown>(
        "report",
        `SELECT 1 FROM ${table} WHERE ${isOld} LIMIT 1`,
        {},
      );
      if (found.length > 0)
        await engine.command(
          `ALTER TABLE ${storedTable(table, layout)} ${onCluster(layout)} DELETE WHERE ${isOld}`,
        );
    }
  }
}

/** Conditions for the rows that go before their table's longest retention. */
function shorter(retention: Retention, kind: Days): { which: string; days: number }[] {
  const { workflows } = retention;
  if (workflows.length === 0) return [];
  const names = workflows.map(({ workflow }) => sqlLiteral(workflow)).join(", ");
  const groups = [
    { which: `workflow NOT IN (${names})`, days: lasting(retention[kind]) },
    ...workflows.map((one) => ({
      which: `workflow = ${sqlLiteral(one.workflow)}`,
      days: lasting(one[kind]),
    })),
  ];
  return groups.filter(({ days }) => days < longest(retention, kind));
}

function longest(retention: Retention, kind: Days): number {
  return Math.max(...[retention, ...retention.workflows].map((one) => lasting(one[kind])));
}

/** An interval longer than the engine has existed stands for "for ever": a TTL that is not there cannot be removed. */
function lasting(days: number): number {
  return days === 0 ? 20_000 : days;
}
