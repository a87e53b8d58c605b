import { hourMs, minuteMs } from "../model/clock.ts";
import { PermanentError } from "../model/errors.ts";
import { deriveMissing, parentFields, type SignalBucket, type SignalKind } from "../model/signal.ts";
import type { Engine, Lane, Params } from "./engine.ts";
import type { BucketQuery, Span } from "./port.ts";

/** Counts of one signal in one bucket, as SQL answers them. */
interface BucketRow {
  bucket: number;
  workflow: string;
  kind: SignalKind;
  field: string;
  bins: string[];
  counts: number[];
}

/**
 * Reads signal buckets from the rollups. Whole hours come from `rollups_hour`, which is sorted by signal; anything
 * finer from `rollups`, which is sorted by minute.
 *
 * @throws {PermanentError} If `stepMs` is not a whole number of minutes.
 */
export async function readBuckets(engine: Engine, lane: Lane, query: BucketQuery): Promise<SignalBucket[]> {
  if (query.stepMs <= 0 || query.stepMs % minuteMs !== 0) {
    throw new PermanentError(`Cannot read buckets: 'stepMs' must be whole minutes, got ${query.stepMs}`);
  }
  const { sql, params } = bucketStatement(query);
  const rows = await engine.select<BucketRow>(lane, sql, params);
  return completeBuckets(rows, query);
}

function bucketStatement(query: BucketQuery): { sql: string; params: Params } {
  const byHour = [query.fromMs, query.toMs, query.stepMs].every((ms) => ms % hourMs === 0);
  const [table, time] = byHour ? ["rollups_hour", "hour"] : ["rollups", "minute"];
  const filters = [`${time} >= {from:UInt32}`, `${time} < {to:UInt32}`];
  const params: Params = {
    from: Math.ceil(query.fromMs / 1000),
    to: Math.ceil(query.toMs / 1000),
    step: query.stepMs / 1000,
  };
  if (query.workflow !== undefined) {
    filters.push("workflow = {workflow:String}");
    params.workflow = query.workflow;
  }
  if (query.version !== undefined) {
    filters.push("version = {version:String}");
    params.version = query.version;
  }
  const asked: string[] = [];
  if (query.kinds === undefined) {
    // Which model answered tells of changes, and rounds of the canary are judged whole: the detectors judge neither.
    filters.push("kind NOT IN ('model', 'canary_delta')");
  } else {
    asked.push("kind IN {kinds:Array(String)}");
    params.kinds = [...query.kinds];
  }
  if (query.field !== undefined) {
    asked.push("field = {field:String}");
    params.field = query.field;
  }
  if (asked.length > 0) {
    const wanted = asked.join(" AND ");
    filters.push(wantsNullRate(query) ? `(${wanted} OR ${parentFilter(query, params)})` : wanted);
  }
  const bucket = `toUInt32(intDiv(toUInt32(${time}) - {from:UInt32}, {step:UInt32})) AS bucket`;
  const where = filters.join(" AND ");
  // Where a bucket is a minute, the table's own order sums the bins: half the work of grouping by them first. What is
  // left apart are versions.
  const sums =
    table === "rollups" && query.stepMs === minuteMs
      ? `SELECT ${bucket}, workflow, kind, field, bin, toFloat64(n) AS total FROM rollups FINAL WHERE ${where}`
      : `SELECT ${bucket}, workflow, kind, field, bin, toFloat64(sum(n)) AS total FROM ${table} WHERE ${where}
        GROUP BY bucket, workflow, kind, field, bin`;
  const sql = `
    SELECT bucket, workflow, kind, field, groupArray(bin) AS bins, groupArray(total) AS counts
    FROM (${sums})
    GROUP BY bucket, workflow, kind, field
    ORDER BY bucket, workflow, kind, field`;
  return { sql, params };
}

/** The types of parents say how often a child was expected. */
function parentFilter(query: BucketQuery, params: Params): string {
  if (query.field === undefined) return "(kind = 'type' AND bin = 'object')";
  params.parents = parentFields(query.field);
  return "(kind = 'type' AND bin = 'object' AND field IN {parents:Array(String)})";
}

function wantsNullRate(query: BucketQuery): boolean {
  return query.kinds === undefined || query.kinds.includes("null_rate");
}

/** Groups the rows by workflow and bucket, derives what is missing, and leaves out what was read only for that. */
function completeBuckets(rows: readonly BucketRow[], query: BucketQuery): SignalBucket[] {
  const groups = new Map<string, SignalBucket[]>();
  for (const row of rows) {
    const key = `${row.bucket} ${row.workflow}`;
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = []));
    group.push({
      workflow: row.workflow,
      kind: row.kind,
      field: row.field,
      startMs: query.fromMs + row.bucket * query.stepMs,
      counts: countsByBin(row),
    });
  }
  const buckets: SignalBucket[] = [];
  for (const group of groups.values()) {
    const complete = wantsNullRate(query) ? deriveMissing(group, knownFields(group, query)) : group;
    for (const bucket of complete) if (isAsked(bucket, query)) buckets.push(bucket);
  }
  return buckets;
}

function knownFields(group: readonly SignalBucket[], query: BucketQuery): Iterable<string> {
  if (query.field !== undefined) return [query.field];
  return query.known?.get(group[0]?.workflow ?? "") ?? [];
}

function isAsked(bucket: SignalBucket, query: BucketQuery): boolean {
  if (query.kinds !== undefined && !query.kinds.includes(bucket.kind)) return false;
  return query.field === undefined || bucket.field === query.field;
}

function countsByBin(row: BucketRow): Record<string, number> {
  // Bins are the users' words: an object without a prototype has no `__proto__` to trip over.
  const counts = Object.create(null) as Record<string, number>;
  row.bins.forEach((bin, i) => (counts[bin] = (counts[bin] ?? 0) + (row.counts[i] ?? 0)));
  return counts;
}

/** Versions counted in a span. Whole hours are read by the hour, the ends by the minute. */
export async function readVersions(
  engine: Engine,
  lane: Lane,
  query: Span & { workflow?: string },
): Promise<{ workflow: string; version: string; firstMs: number; lastMs: number; runs: number }[]> {
  const firstHourMs = Math.ceil(query.fromMs / hourMs) * hourMs;
  const lastHourMs = Math.floor(query.toMs / hourMs) * hourMs;
  const whole = firstHourMs < lastHourMs ? [firstHourMs, lastHourMs] : [query.toMs, query.toMs];
  const seconds = [query.fromMs, ...whole, query.toMs].map((ms) => Math.ceil(ms / 1000));
  const [from = 0, firstHour = 0, lastHour = 0, to = 0] = seconds;
  const filter = `kind = 'volume'${query.workflow === undefined ? "" : " AND workflow = {workflow:String}"}`;
  return engine.select(
    lane,
    `SELECT workflow, version, min(first) * 1000. AS firstMs, max(last) * 1000. AS lastMs, sum(total) AS runs
    FROM (
      SELECT workflow, version, toUInt32(first_minute) AS first, toUInt32(last_minute) AS last, toFloat64(n) AS total
      FROM rollups_hour WHERE ${filter} AND hour >= {firstHour:UInt32} AND hour < {lastHour:UInt32}
      UNION ALL
      SELECT workflow, version, toUInt32(minute), toUInt32(minute), toFloat64(n)
      FROM rollups WHERE ${filter} AND (
        (minute >= {from:UInt32} AND minute < {firstHour:UInt32})
        OR (minute >= {lastHour:UInt32} AND minute < {to:UInt32})
      )
    )
    GROUP BY workflow, version
    ORDER BY firstMs, workflow, version`,
    { from, to, firstHour, lastHour, ...(query.workflow === undefined ? {} : { workflow: query.workflow }) },
  );
}

/** Workflows ever counted, with their last minute. One that has run in shadow mode alone counts its decisions as runs. */
export function readWorkflows(
  engine: Engine,
  lane: Lane,
): Promise<{ workflow: string; lastMs: number; runs: number }[]> {
  return engine.select(
    lane,
    `SELECT workflow, toUInt32(last) * 1000. AS lastMs, if(live > 0, live, decided) AS runs
    FROM (
      SELECT workflow, max(last_minute) AS last, toFloat64(sumIf(n, kind = 'volume')) AS live,
        toFloat64(sumIf(n, kind = 'shadow_disagreement')) AS decided
      FROM rollups_hour
      WHERE kind = 'volume' OR (kind IN ('shadow_disagreement', 'canary_delta') AND field = '')
      GROUP BY workflow
    )
    ORDER BY workflow`,
    {},
  );
}
