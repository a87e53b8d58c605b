import type { RunRef, Span, Store } from "./port.ts";

type Queries = Pick<Store, "query">;
type Gathers = Pick<Store, "gather">;

/** A stored run that may be worth a review. */
export interface Candidate extends RunRef {
  /** Why it asks for eyes; "" for the random sample. */
  why: string;
}

interface Row {
  run_id: string;
  workflow: string;
  version: string;
  received_ms: string;
  why?: string;
}

const columns = "run_id, workflow, version, toUnixTimestamp64Milli(received_at) AS received_ms";

/** Live runs by workflow in a span of whole hours, from the rollups. */
export async function countRuns(store: Gathers, { fromMs, toMs }: Span): Promise<Map<string, number>> {
  const rows = await store.gather<{ workflow: string; runs: string }>(
    `SELECT workflow, sum(n) AS runs FROM rollups_hour
     WHERE kind = 'volume' AND field = '' AND hour >= toDateTime({from:UInt32}) AND hour < toDateTime({to:UInt32})
     GROUP BY workflow`,
    { from: Math.max(0, Math.floor(fromMs / 1000)), to: Math.ceil(toMs / 1000) },
  );
  return new Map(rows.map((row) => [row.workflow, Number(row.runs)]));
}

/** Arrival of the newest stored run in milliseconds; 0 for none. */
export async function newestRunMs(store: Gathers): Promise<number> {
  const rows = await store.gather<{ newest: string }>(
    "SELECT toUnixTimestamp64Milli(max(received_at)) AS newest FROM runs",
  );
  return Math.max(0, Number(rows[0]?.newest ?? 0));
}

/**
 * The random sample: live runs whose keyed hash lies below their workflow's probability. The same run is chosen
 * wherever the key is the same.
 *
 * @param query.key two whole numbers below 2^53.
 */
export async function sampleRuns(
  store: Gathers,
  query: Span & { key: readonly [number, number]; probabilities: ReadonlyMap<string, number>; limit: number },
): Promise<Candidate[]> {
  const rows = await store.gather<Row>(
    `SELECT ${columns} FROM runs
     WHERE received_at > fromUnixTimestamp64Milli({from:Int64}) AND received_at <= fromUnixTimestamp64Milli({to:Int64})
       AND mode = 'live'
       AND sipHash64Keyed(({k0:UInt64}, {k1:UInt64}), run_id) / 18446744073709551616.
         < transform(toString(workflow), {workflows:Array(String)}, {probabilities:Array(Float64)}, 0.)
     ORDER BY received_at LIMIT {limit:UInt32} BY workflow`,
    {
      from: query.fromMs,
      to: query.toMs,
      k0: query.key[0],
      k1: query.key[1],
      workflows: [...query.probabilities.keys()],
      probabilities: [...query.probabilities.values()],
      limit: query.limit,
    },
  );
  return rows.map(toCandidate);
}

/** What makes a workflow's runs ask for eyes. */
export interface Triggers {
  confidenceBelow: number | null;
  /** Words that make a run sensitive, compared without case. */
  topics: readonly string[];
}

/** Live runs that ask for eyes: a broken contract, low confidence, a sensitive topic. The newest of each workflow. */
export async function targetRuns(
  store: Gathers,
  query: Span & { triggers: ReadonlyMap<string, Triggers>; limit: number },
): Promise<Candidate[]> {
  const names = [...query.triggers.keys()];
  const triggers = [...query.triggers.values()];
  const rows = await store.gather<Row>(
    `SELECT ${columns},
       multiIf(findings NOT IN ('', '[]'), 'broken contract', confidence < bar, 'low confidence', 'sensitive topic') AS why
     FROM (
       SELECT *,
         transform(toString(workflow), {workflows:Array(String)}, {bars:Array(Float64)}, -1.) AS bar,
         arrayElement({topics:Array(Array(String))}, indexOf({workflows:Array(String)}, toString(workflow))) AS topics
       FROM runs
       WHERE received_at > fromUnixTimestamp64Milli({from:Int64}) AND received_at <= fromUnixTimestamp64Milli({to:Int64})
         AND mode = 'live'
     )
     WHERE findings NOT IN ('', '[]') OR confidence < bar
       OR arrayExists(topic -> positionCaseInsensitiveUTF8(inputs, topic) > 0 OR positionCaseInsensitiveUTF8(outputs, topic) > 0, topics)
     ORDER BY received_at DESC LIMIT {limit:UInt32} BY workflow`,
    {
      from: query.fromMs,
      to: query.toMs,
      workflows: names,
      bars: triggers.map(({ confidenceBelow }) => confidenceBelow ?? -1),
      topics: triggers.map(({ topics }) => [...topics]),
      limit: query.limit,
    },
  );
  return rows.map(toCandidate);
}

/** Live runs that must be reviewed because of a rule that they break, oldest first. */
export async function demandedRuns(store: Gathers, query: Span & { limit: number }): Promise<Candidate[]> {
  const rows = await store.gather<Row>(
    `SELECT ${columns}, 'broken contract' AS why FROM runs
     WHERE received_at > fromUnixTimestamp64Milli({from:Int64}) AND received_at <= fromUnixTimestamp64Milli({to:Int64})
       AND mode = 'live' AND position(findings, '"review":true') > 0
     ORDER BY received_at, run_id LIMIT {limit:UInt32}`,
    { from: query.fromMs, to: query.toMs, limit: query.limit },
  );
  return rows.map(toCandidate);
}

/** The newest live runs of a workflow, for a failure audit. */
export async function newestRuns(
  store: Gathers,
  { workflow, limit }: { workflow: string; limit: number },
): Promise<Candidate[]> {
  const rows = await store.gather<Row>(
    `SELECT ${columns} FROM runs WHERE workflow = {workflow:String} AND mode = 'live'
     ORDER BY received_at DESC LIMIT {limit:UInt32}`,
    { workflow, limit },
  );
  return rows.map(toCandidate);
}

/** How often two people said the same of the same run. */
export async function readAgreement(
  store: Queries,
  { workflow, fromMs, toMs }: Span & { workflow: string },
): Promise<{ runs: number; agreed: number }> {
  const rows = await store.query<{ runs: string; agreed: string }>(
    `SELECT count() AS runs, countIf(verdicts = 1) AS agreed FROM (
       SELECT run_id, uniqExact(reviewer) AS reviewers, uniqExact(verdict) AS verdicts FROM reviews
       WHERE workflow = {workflow:String} AND reviewer != ''
         AND received_at >= fromUnixTimestamp64Milli({from:Int64}) AND received_at < fromUnixTimestamp64Milli({to:Int64})
       GROUP BY run_id HAVING reviewers > 1
     )`,
    { workflow, from: fromMs, to: toMs },
  );
  return { runs: Number(rows[0]?.runs ?? 0), agreed: Number(rows[0]?.agreed ?? 0) };
}

function toCandidate(row: Row): Candidate {
  return {
    runId: row.run_id,
    workflow: row.workflow,
    version: row.version,
    mode: "live",
    receivedAtMs: Number(row.received_ms),
    why: row.why ?? "",
  };
}

/** The last verdict on each of some runs, counted. */
export async function countVerdicts(store: Queries, runIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await store.query<{ verdict: string; runs: string }>(
    `SELECT last AS verdict, count() AS runs
     FROM (SELECT run_id, argMax(verdict, received_at) AS last FROM reviews
           WHERE run_id IN {ids:Array(String)} GROUP BY run_id)
     GROUP BY last`,
    { ids: [...runIds] },
  );
  return new Map(rows.map((row) => [row.verdict, Number(row.runs)]));
}
