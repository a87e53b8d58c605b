import type { Span, Store } from "./port.ts";

type Queries = Pick<Store, "query">;

/** Runs of one workflow in one hour. */
export interface HourlyRuns {
  workflow: string;
  hourMs: number;
  runs: number;
}

/** Runs by workflow and hour, from the hourly rollups. */
export async function readHourlyRuns(store: Queries, { fromMs, toMs }: Span): Promise<HourlyRuns[]> {
  const rows = await store.query<{ workflow: string; hour: string; runs: string }>(
    `SELECT workflow, toUnixTimestamp(hour) AS hour, sum(n) AS runs
     FROM rollups_hour
     WHERE kind = 'volume' AND field = '' AND hour >= toDateTime({from:UInt32}) AND hour < toDateTime({to:UInt32})
     GROUP BY workflow, hour ORDER BY workflow, hour`,
    { from: Math.floor(fromMs / 1000), to: Math.ceil(toMs / 1000) },
  );
  return rows.map((row) => ({
    workflow: row.workflow,
    hourMs: Number(row.hour) * 1000,
    runs: Number(row.runs),
  }));
}

/** What one version did, from the hourly rollups. */
export interface VersionFigures {
  version: string;
  firstMs: number;
  lastMs: number;
  runs: number;
  errors: number;
  /** Values that were null, empty or a placeholder, over all fields, and all values seen. */
  empty: number;
  values: number;
  overridden: number;
  reviewed: number;
}

/** The latest versions of a workflow beside each other, newest first. */
export async function readVersionFigures(
  store: Queries,
  query: Span & { workflow: string; limit: number },
): Promise<VersionFigures[]> {
  const rows = await store.query<Record<string, string>>(
    `SELECT version,
       toUnixTimestamp(minIf(first_minute, kind = 'volume')) AS first,
       toUnixTimestamp(maxIf(last_minute, kind = 'volume')) AS last,
       sumIf(n, kind = 'volume') AS runs,
       sumIf(n, kind = 'errors' AND field = '' AND bin = 'yes') AS errors,
       sumIf(n, kind = 'null_rate' AND bin != 'value') AS empty,
       sumIf(n, kind = 'null_rate') AS seen,
       sumIf(n, kind = 'override_rate' AND field = '' AND startsWith(bin, 'yes')) AS overridden,
       sumIf(n, kind = 'override_rate' AND field = '') AS reviewed
     FROM rollups_hour
     WHERE workflow = {workflow:String} AND kind IN ('volume', 'errors', 'null_rate', 'override_rate')
       AND hour >= toDateTime({from:UInt32}) AND hour < toDateTime({to:UInt32})
     GROUP BY version HAVING runs > 0 ORDER BY first DESC LIMIT {limit:UInt32}`,
    {
      workflow: query.workflow,
      from: Math.max(0, Math.floor(query.fromMs / 1000)),
      to: Math.ceil(query.toMs / 1000),
      limit: query.limit,
    },
  );
  return rows.map((row) => ({
    version: row.version ?? "",
    firstMs: Number(row.first) * 1000,
    lastMs: Number(row.last) * 1000,
    runs: Number(row.runs),
    errors: Number(row.errors),
    empty: Number(row.empty),
    values: Number(row.seen),
    overridden: Number(row.overridden),
    reviewed: Number(row.reviewed),
  }));
}
