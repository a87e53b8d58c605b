import type { NamedSource } from "../model/data-map.ts";
import type { Span, Store } from "./port.ts";

/** Steps that are looked at, newest first. */
const scanStepsMax = 50_000;
const namesMax = 200;

/** The sources that a workflow's steps name: tools, and steps with an attribute `source`. Most used first. */
export async function readNamedSources(
  store: Pick<Store, "query">,
  { workflow, fromMs, toMs }: Span & { workflow: string },
): Promise<NamedSource[]> {
  const rows = await store.query<{ step: string; origin: string; calls: string; last_ms: string }>(
    `SELECT step, origin, count() AS calls, toUnixTimestamp64Milli(max(at)) AS last_ms
     FROM (
       SELECT toString(name) AS step, attributes['source'] AS origin, received_at AS at, toString(kind) AS nature FROM steps
       WHERE workflow = {workflow:String}
         AND received_at >= fromUnixTimestamp64Milli({from:Int64}) AND received_at < fromUnixTimestamp64Milli({to:Int64})
       ORDER BY received_at DESC LIMIT ${scanStepsMax}
     )
     WHERE nature = 'tool' OR origin != ''
     GROUP BY step, origin ORDER BY calls DESC, step, origin LIMIT ${namesMax}`,
    { workflow, from: fromMs, to: toMs },
  );
  return rows.map((row) => {
    return { step: row.step, source: row.origin, calls: Number(row.calls), lastMs: Number(row.last_ms) };
  });
}
