import type { Span, Store } from "./port.ts";

type Queries = Pick<Store, "query">;
type Of = Span & { workflow: string };

/** What the runs of a span add up to. */
export interface RunTotals {
  runs: number;
  errors: number;
  brokenContracts: number;
  /** Milliseconds; null without runs. */
  tookMsMedian: number | null;
  tookMsP95: number | null;
  costUsd: number;
  tokens: number;
}

/** One cause of failure and how often it struck. */
export interface FailureCause {
  cause: string;
  runs: number;
}

/** What reviewers said in a span; overrides rest on the random sample and reviews by API alone. */
export interface ReviewTotals {
  reviewed: number;
  overridden: number;
  rejected: number;
  /** All reviews, the targeted ones too. */
  all: number;
  tookMsMedian: number | null;
}

const inSpan =
  "workflow = {workflow:String} AND received_at >= fromUnixTimestamp64Milli({from:Int64}) AND received_at < fromUnixTimestamp64Milli({to:Int64})";
const params = ({ workflow, fromMs, toMs }: Of) => ({
  workflow,
  from: Math.round(fromMs),
  to: Math.round(toMs),
});

/** Adds up the live runs of a workflow. */
export async function readRunTotals(store: Queries, of: Of): Promise<RunTotals> {
  const [row] = await store.query<Record<string, string | number | null>>(
    `SELECT count() AS runs, countIf(status = 'error') AS errors, countIf(findings NOT IN ('', '[]')) AS broken,
       quantileOrNull(0.5)(dateDiff('millisecond', started_at, ended_at)) AS median,
       quantileOrNull(0.95)(dateDiff('millisecond', started_at, ended_at)) AS p95,
       sum(ifNull(cost_usd, 0)) AS cost, sum(toUInt64(ifNull(input_tokens, 0)) + ifNull(output_tokens, 0)) AS tokens
     FROM runs WHERE ${inSpan} AND mode = 'live'`,
    params(of),
  );
  return {
    runs: Number(row?.runs ?? 0),
    errors: Number(row?.errors ?? 0),
    brokenContracts: Number(row?.broken ?? 0),
    tookMsMedian: numberOrNull(row?.median),
    tookMsP95: numberOrNull(row?.p95),
    costUsd: Number(row?.cost ?? 0),
    tokens: Number(row?.tokens ?? 0),
  };
}

/** Runs of a workflow in a span, from the rollups: cheap over months. */
export async function countRunsOf(store: Queries, { workflow, fromMs, toMs }: Of): Promise<number> {
  const [row] = await store.query<{ runs: string }>(
    `SELECT sum(n) AS runs FROM rollups_hour
     WHERE workflow = {workflow:String} AND kind = 'volume' AND field = ''
       AND hour >= toDateTime({from:UInt32}) AND hour < toDateTime({to:UInt32})`,
    { workflow, from: Math.max(0, Math.floor(fromMs / 1000)), to: Math.ceil(toMs / 1000) },
  );
  return Number(row?.runs ?? 0);
}

/** Failures by cause: error types, and broken rules of the contract. */
export async function readFailureCauses(store: Queries, of: Of): Promise<FailureCause[]> {
  const rows = await store.query<{ cause: string; runs: string }>(
    `SELECT cause, count() AS runs FROM (
       SELECT arrayJoin(arrayConcat(
         if(status = 'error', [if(error_type = '', 'error without a type', error_type)], []),
         arrayMap(finding -> concat('contract: ', JSONExtractString(finding, 'field'), ' (', JSONExtractString(finding, 'rule'), ')'),
           JSONExtractArrayRaw(findings)))) AS cause
       FROM runs WHERE ${inSpan} AND mode = 'live'
     ) GROUP BY cause ORDER BY runs DESC, cause LIMIT 10`,
    params(of),
  );
  return rows.map(({ cause, runs }) => ({ cause, runs: Number(runs) }));
}

/** Adds up the reviews of a workflow. */
export async function readReviewTotals(store: Queries, of: Of): Promise<ReviewTotals> {
  const [row] = await store.query<Record<string, string | number | null>>(
    `SELECT countIf(chosen_by != 'targeted') AS reviewed,
       countIf(chosen_by != 'targeted' AND verdict != 'approved') AS overridden,
       countIf(chosen_by != 'targeted' AND verdict = 'rejected') AS rejected,
       count() AS all_reviews, quantileOrNull(0.5)(duration_ms) AS median
     FROM reviews WHERE ${inSpan}`,
    params(of),
  );
  return {
    reviewed: Number(row?.reviewed ?? 0),
    overridden: Number(row?.overridden ?? 0),
    rejected: Number(row?.rejected ?? 0),
    all: Number(row?.all_reviews ?? 0),
    tookMsMedian: numberOrNull(row?.median),
  };
}

/** Why reviewers changed or refused outputs. */
export async function readReviewReasons(store: Queries, of: Of): Promise<FailureCause[]> {
  const rows = await store.query<{ cause: string; runs: string }>(
    `SELECT if(reason = '', 'no reason given', reason) AS cause, count() AS runs
     FROM reviews WHERE ${inSpan} AND verdict != 'approved'
     GROUP BY cause ORDER BY runs DESC, cause LIMIT 10`,
    params(of),
  );
  return rows.map(({ cause, runs }) => ({ cause, runs: Number(runs) }));
}

/** Output fields by how often a reviewer changed them. */
export async function readCorrectedFields(
  store: Queries,
  { workflow, fromMs, toMs }: Of,
): Promise<{ field: string; corrected: number; reviewed: number }[]> {
  const rows = await store.query<{ field: string; corrected: string; reviewed: string }>(
    `SELECT field, sumIf(n, startsWith(bin, 'yes')) AS corrected, sum(n) AS reviewed FROM rollups_hour
     WHERE workflow = {workflow:String} AND kind = 'override_rate' AND field != ''
       AND hour >= toDateTime({from:UInt32}) AND hour < toDateTime({to:UInt32})
     GROUP BY field HAVING corrected > 0 ORDER BY corrected DESC, field LIMIT 10`,
    { workflow, from: Math.max(0, Math.floor(fromMs / 1000)), to: Math.ceil(toMs / 1000) },
  );
  return rows.map(({ field, corrected, reviewed }) => {
    return { field, corrected: Number(corrected), reviewed: Number(reviewed) };
  });
}

function numberOrNull(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
