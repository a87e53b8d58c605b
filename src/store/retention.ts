import type { Table } from "../model/rows.ts";
import { storedTable } from "./cluster.ts";
import type { Engine } from "./engine.ts";
import { type Layout, onCluster, type Retention } from "./layout.ts";
import type { Deletion } from "./port.ts";
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

/**
 * Deletes the rows of workflows that have outlived their own retention while their table lives on. All of a table in one
 * statement and all of a day at once, since each rewrites whole parts; in the background, since inserts would wait for
 * it; and none while another is under way, which a crash does not end.
 */
export async function expire(engine: Engine, layout: Layout): Promise<void> {
  for (const [table, kind] of Object.entries(kinds)) {
    const groups = table === "rejects" ? [] : shorter(layout, kind);
    if (groups.length === 0) continue;
    const stored = storedTable(table, layout);
    const isOld = (today: string) =>
      groups
        .map(({ which, days }) => `(${which} AND stored_at < ${today} - INTERVAL ${days} DAY)`)
        .join(" OR ");
    const [found] = await engine.select<{ today: number }>(
      "evidence",
      `SELECT toUnixTimestamp(toStartOfDay(now('UTC'))) AS today FROM ${table}
      WHERE (${isOld("toStartOfDay(now('UTC'))")}) AND NOT EXISTS (SELECT 1 FROM system.mutations
      WHERE database = currentDatabase() AND table = {stored:String} AND NOT is_done) LIMIT 1`,
      { stored },
    );
    if (found === undefined) continue;
    // The day as a number: each replica would ask a clock of its own, so that a cluster refuses `now` here.
    await engine.command(
      `ALTER TABLE ${stored} ${onCluster(layout)} DELETE WHERE ${isOld(`toDateTime(${found.today})`)}
      SETTINGS mutations_sync = 0`,
    );
  }
}

/** The oldest deletion, or other change of a table, that has not ended; null if there is none. */
export async function oldestDeletion(engine: Engine, layout: Layout): Promise<Deletion | null> {
  const tables = Object.keys(kinds).map((table) => storedTable(table, layout));
  const [oldest] = await engine.select<{ table: string; seconds: number; faultCode: string }>(
    "evidence",
    // The text of a fault may quote rows.
    `SELECT table, toFloat64(dateDiff('second', create_time, now())) AS seconds,
    extract(latest_fail_reason, '^Code: ([0-9]+)') AS faultCode FROM system.mutations
    WHERE database = currentDatabase() AND table IN {tables:Array(String)} AND NOT is_done ORDER BY create_time LIMIT 1`,
    { tables },
  );
  if (oldest === undefined) return null;
  return { table: oldest.table, ageMs: oldest.seconds * 1000, faultCode: oldest.faultCode };
}

/** Conditions for the rows that go before their table's longest retention: one for each number of days. */
function shorter(retention: Retention, kind: Days): { which: string; days: number }[] {
  const { workflows } = retention;
  const namesOf = (some: typeof workflows) => some.map(({ workflow }) => sqlLiteral(workflow)).join(", ");
  const groups = [...new Set(workflows.map((one) => lasting(one[kind])))].map((days) => ({
    which: `workflow IN (${namesOf(workflows.filter((one) => lasting(one[kind]) === days))})`,
    days,
  }));
  if (workflows.length > 0)
    groups.unshift({ which: `workflow NOT IN (${namesOf(workflows)})`, days: lasting(retention[kind]) });
  return groups.filter(({ days }) => days < longest(retention, kind));
}

function longest(retention: Retention, kind: Days): number {
  return Math.max(...[retention, ...retention.workflows].map((one) => lasting(one[kind])));
}

/** An interval longer than the engine has existed stands for "for ever": a TTL that is not there cannot be removed. */
function lasting(days: number): number {
  return days === 0 ? 20_000 : days;
}
