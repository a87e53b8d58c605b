import type { Json } from "../model/json.ts";
import type { RejectRow } from "../model/rows.ts";
import { readBuckets, readVersions, readWorkflows } from "./buckets.ts";
import { rowColumns } from "./columns.ts";
import { drainedThroughMs, reportDrained } from "./collectors.ts";
import type { Engine } from "./engine.ts";
import { exampleRuns, sliceCounts } from "./examples.ts";
import { forget } from "./forget.ts";
import type { Layout } from "./layout.ts";
import { migrate, retain } from "./migrate.ts";
import { readMinutes } from "./minutes.ts";
import type { Store } from "./port.ts";
import { findOutputs, findRun, findRunByKey, readVersion, receipt } from "./runs.ts";
import { searchRuns } from "./search.ts";

/** The store over any engine: both kinds share every statement. */
export function createClickHouseStore(engine: Engine, layout: Layout): Store {
  return {
    migrate: () => migrate(engine, layout),
    forget: (query, forgetting) => forget(engine, layout, query, forgetting),
    retain: (retention) => retain(engine, { ...layout, ...retention }),
    ping: () => engine.ping(),
    insert: (table, ndjson, token) => engine.insert(table, ndjson, token),
    readBuckets: (query) => readBuckets(engine, query),
    readMinutes: (query) => readMinutes(engine, query),
    readVersions: (query) => readVersions(engine, query),
    readWorkflows: () => readWorkflows(engine),
    findRun: (runId) => findRun(engine, runId),
    findRunByKey: (workflow, businessKey) => findRunByKey(engine, workflow, businessKey),
    findOutputs: (runId) => findOutputs(engine, runId),
    receipt: (runId) => receipt(engine, runId),
    version: (workflow, version) => readVersion(engine, workflow, version),
    searchRuns: (query) => searchRuns(engine, query),
    exampleRuns: (query) => exampleRuns(engine, query),
    sliceCounts: (query) => sliceCounts(engine, query),
    rejects: (limit) =>
      engine.select<RejectRow>(
        "report",
        `SELECT ${rowColumns("rejects")} FROM rejects AS t
        ORDER BY t.received_at DESC, t.reject_id LIMIT {limit:UInt32}`,
        { limit },
      ),
    gather: <T>(sql: string, params: Record<string, Json> = {}) => engine.select<T>("evidence", sql, params),
    query: <T>(sql: string, params: Record<string, Json> = {}) => engine.select<T>("report", sql, params),
    reportDrained: (collectorId, throughMs) => reportDrained(engine, collectorId, throughMs),
    collectorsDrainedThroughMs: () => drainedThroughMs(engine),
    close: () => engine.close(),
  };
}
