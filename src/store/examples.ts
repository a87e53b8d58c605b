import type { RunRow } from "../model/rows.ts";
import type { SignalKey } from "../model/signal.ts";
import { binCondition } from "./bin-condition.ts";
import { rowColumns } from "./columns.ts";
import type { Engine, Params } from "./engine.ts";
import type { ExampleQuery, SliceCount } from "./port.ts";

/** Runs of a span that are looked at, newest first, before a search for examples or slices stops. */
const scanRunsMax = 50_000;

/** Values an attribute may have before it says nothing about a slice (ids, timestamps). */
const sliceValuesMax = 50;

/** Runs that show a signal's bin, newest first. */
export async function exampleRuns(engine: Engine, query: ExampleQuery): Promise<RunRow[]> {
  const { scan, condition, params } = lookAt(query);
  return engine.select<RunRow>(
    "evidence",
    `SELECT ${rowColumns("runs")} FROM runs AS t
    WHERE (t.workflow, t.received_at, t.run_id) IN (
      SELECT t.workflow, t.received_at, t.run_id FROM (${scan}) AS t WHERE ${condition}
      ORDER BY t.received_at DESC, t.run_id LIMIT {limit:UInt32}
    )
    ORDER BY t.received_at DESC, t.run_id LIMIT {limit:UInt32}`,
    { ...params, limit: query.limit },
  );
}

/** Runs with and without the bin, by the value of every attribute with few values. */
export async function sliceCounts(engine: Engine, query: Omit<ExampleQuery, "limit">): Promise<SliceCount[]> {
  const { scan, condition, params } = lookAt(query);
  return engine.select<SliceCount>(
    "evidence",
    `SELECT attribute, value, runs, hits FROM (
      SELECT pair.1 AS attribute, pair.2 AS value, toFloat64(count()) AS runs, toFloat64(sum(hit)) AS hits,
        count() OVER (PARTITION BY attribute) AS valuesOfAttribute
      FROM (
        SELECT toBool(${condition}) AS hit, arrayJoin(arrayConcat(
          [('version', toString(t.version)), ('model', toString(t.model)), ('source', toString(t.source))],
          arrayMap((k, v) -> (concat('attributes.', toString(k)), v), mapKeys(t.attributes), mapValues(t.attributes))
        )) AS pair
        FROM (${scan}) AS t
      )
      GROUP BY attribute, value
    )
    WHERE valuesOfAttribute <= ${sliceValuesMax}
    ORDER BY attribute, runs DESC, value`,
    params,
  );
}

/** The statement of the runs that are looked at, the bin's condition on one of them (named `t`), and what both ask for. */
function lookAt(query: Omit<ExampleQuery, "limit">): { scan: string; condition: string; params: Params } {
  const { signal, fromMs, toMs } = query;
  const params: Params = { workflow: signal.workflow, fromMs, toMs };
  const scan = scanOf(signal);
  const condition = binCondition(query, scan, params);
  if (`${scan} ${condition}`.includes("{field:String}")) params.field ??= signal.field;
  return { scan, condition, params };
}

/** The runs of a span, newest first; of an outcome those to which it came then, which may be weeks after the run. */
function scanOf({ kind, field }: SignalKey): string {
  const isInSpan = (row: string) => `${row}.received_at >= fromUnixTimestamp64Milli({fromMs:Int64})
    AND ${row}.received_at < fromUnixTimestamp64Milli({toMs:Int64})`;
  const isMeant =
    kind === "outcome" && field !== ""
      ? `(r.received_at, r.run_id) IN (SELECT o.run_received_at, o.run_id FROM outcomes AS o
        WHERE o.workflow = {workflow:String} AND o.name = {field:String} AND ${isInSpan("o")})`
      : isInSpan("r");
  return `SELECT * FROM runs AS r WHERE r.workflow = {workflow:String} AND ${isMeant}
    ORDER BY r.received_at DESC LIMIT ${scanRunsMax}`;
}
