import type { DecisionRow } from "../model/rows.ts";
import { rowColumns } from "./columns.ts";
import type { Span, Store } from "./port.ts";

type Queries = Pick<Store, "query">;
type Of = Span & { workflow: string };

const received =
  "t.workflow = {workflow:String} AND t.received_at >= fromUnixTimestamp64Milli({from:Int64}) AND t.received_at < fromUnixTimestamp64Milli({to:Int64})";
const params = ({ workflow, fromMs, toMs }: Of) => ({
  workflow,
  from: Math.round(fromMs),
  to: Math.round(toMs),
});

/** How often people's decisions agreed with one version's runs on one field; `field` is "" for the whole output. */
export interface FieldAgreement {
  version: string;
  field: string;
  agreed: number;
  differed: number;
  /** The latest minute in which one was counted. */
  lastMs: number;
}

/** Agreement by version and field, in whole hours. */
export async function readFieldAgreement(store: Queries, of: Of): Promise<FieldAgreement[]> {
  const rows = await store.query<Record<string, string>>(
    `SELECT version, field, sumIf(n, bin = 'no') AS agreed, sumIf(n, bin = 'yes') AS differed,
       toUnixTimestamp(max(last_minute)) AS last
     FROM rollups_hour
     WHERE workflow = {workflow:String} AND kind = 'shadow_disagreement'
       AND hour >= toStartOfHour(toDateTime({from:UInt32})) AND hour < toDateTime({to:UInt32})
     GROUP BY version, field ORDER BY version, field`,
    {
      workflow: of.workflow,
      from: Math.max(0, Math.floor(of.fromMs / 1000)),
      to: Math.ceil(of.toMs / 1000),
    },
  );
  return rows.map(({ version = "", field = "", ...row }) => ({
    version,
    field,
    agreed: Number(row.agreed),
    differed: Number(row.differed),
    lastMs: Number(row.last) * 1000,
  }));
}

/** The latest decisions that differ from their runs' outputs, with those outputs as JSON text. */
export async function readDisagreements(
  store: Queries,
  of: Of,
  limit: number,
): Promise<(DecisionRow & { run_outputs: string })[]> {
  const decisions = await store.query<DecisionRow>(
    `SELECT ${rowColumns("decisions")} FROM decisions AS t
     WHERE ${received} AND notEmpty(t.differing) ORDER BY t.received_at DESC, t.decision_id LIMIT {limit:UInt32}`,
    { ...params(of), limit },
  );
  if (decisions.length === 0) return [];
  const outputs = await store.query<{ run_id: string; outputs: string }>(
    "SELECT run_id, outputs FROM runs WHERE workflow = {workflow:String} AND run_id IN {ids:Array(String)}",
    { workflow: of.workflow, ids: decisions.map(({ run_id }) => run_id) },
  );
  const byRun = new Map(outputs.map((row) => [row.run_id, row.outputs]));
  return decisions.map((row) => ({ ...row, run_outputs: byRun.get(row.run_id) ?? "null" }));
}

/** Why people decided otherwise, most frequent first; "" for no reason given. */
export async function readDisagreementReasons(
  store: Queries,
  of: Of,
): Promise<{ reason: string; decisions: number }[]> {
  const rows = await store.query<{ reason: string; decisions: string }>(
    `SELECT t.reason AS reason, count() AS decisions FROM decisions AS t
     WHERE ${received} AND notEmpty(t.differing) GROUP BY reason ORDER BY decisions DESC, reason LIMIT 20`,
    params(of),
  );
  return rows.map((row) => ({ reason: row.reason, decisions: Number(row.decisions) }));
}

/** Shadow runs, those that failed, and those that nobody has decided on. */
export async function countShadowRuns(
  store: Queries,
  of: Of,
): Promise<{ runs: number; failed: number; undecided: number }> {
  const [row] = await store.query<Record<string, string>>(
    `SELECT count() AS runs, countIf(t.status = 'error') AS failed,
       countIf(t.run_id NOT IN (SELECT run_id FROM decisions WHERE workflow = {workflow:String})) AS undecided
     FROM runs AS t WHERE ${received} AND t.mode = 'shadow'`,
    params(of),
  );
  return {
    runs: Number(row?.runs ?? 0),
    failed: Number(row?.failed ?? 0),
    undecided: Number(row?.undecided ?? 0),
  };
}

/** What came of the runs of one span of time, under one name. */
export interface OutcomeCohort {
  name: string;
  /** Start of the span in which the runs arrived. */
  startMs: number;
  /** Runs with this outcome. */
  runs: number;
  yes: number;
  no: number;
  numbers: number;
  /** Null where none was a number. */
  mean: number | null;
  /** Standard deviation of the numbers. */
  deviation: number;
}

/** Outcomes by name and by the span in which their runs arrived; of each run and name the last one said counts. */
export async function readOutcomeCohorts(
  store: Queries,
  of: Of & { stepMs: number },
): Promise<OutcomeCohort[]> {
  const rows = await store.query<Record<string, string | number | null>>(
    `SELECT name, toUnixTimestamp(bucket) AS start, count() AS runs,
       countIf(word IN ('true', 'yes')) AS yes, countIf(word IN ('false', 'no')) AS no,
       countIf(number IS NOT NULL) AS numbers, avgOrNull(number) AS mean, stddevSampOrNull(number) AS deviation
     FROM (
       SELECT t.name AS name, any(toStartOfInterval(t.run_received_at, INTERVAL {step:UInt32} SECOND)) AS bucket,
         argMax(t.value, t.received_at) AS value, lower(trim(BOTH '"' FROM value)) AS word,
         if(startsWith(value, '"'), NULL, toFloat64OrNull(value)) AS number
       FROM outcomes AS t
       WHERE t.workflow = {workflow:String} AND t.run_received_at >= fromUnixTimestamp64Milli({from:Int64})
         AND t.run_received_at < fromUnixTimestamp64Milli({to:Int64})
         AND t.run_id NOT IN (SELECT run_id FROM runs WHERE workflow = {workflow:String} AND mode != 'live')
       GROUP BY t.run_id, t.name
     )
     GROUP BY name, bucket ORDER BY name, bucket`,
    { ...params(of), step: Math.round(of.stepMs / 1000) },
  );
  return rows.map((row) => ({
    name: String(row.name),
    startMs: Number(row.start) * 1000,
    runs: Number(row.runs),
    yes: Number(row.yes),
    no: Number(row.no),
    numbers: Number(row.numbers),
    mean: row.mean == null ? null : Number(row.mean),
    deviation: Number(row.deviation ?? 0),
  }));
}

/** Days after its run's arrival by which nine of ten outcomes of a name are known. */
export async function readOutcomeAges(store: Queries, of: Of): Promise<Map<string, number>> {
  const rows = await store.query<{ name: string; days: string | number }>(
    `SELECT t.name AS name, quantile(0.9)(dateDiff('second', t.run_received_at, t.received_at)) / 86400. AS days
     FROM outcomes AS t WHERE ${received} GROUP BY name`,
    params(of),
  );
  return new Map(rows.map((row) => [row.name, Math.max(0, Number(row.days))]));
}
