import type { Json } from "../model/json.ts";
import type { RejectRow } from "../model/rows.ts";
import { readBuckets, readVersions, readWorkflows } from "./buckets.ts";
import { rowColumns } from "./columns.ts";
import { drainedThroughMs, reportDrained } from "./collectors.ts";
import type { Engine, Lane } from "./engine.ts";
import { exampleRuns, sliceCounts } from "./examples.ts";
import { forget } from "./forget.ts";
import type { Layout } from "./layout.ts";
import { migrate, retain } from "./migrate.ts";
import { readMinutes } from "./minutes.ts";
import type { SharedReads, Store } from "./port.ts";
import { findOutputs, findRun, findRunByKey, readVersion, receipt } from "./runs.ts";
import { searchRuns } from "./search.ts";

/** The store over any engine: both kinds share every statement. */
export function createClickHouseStore(engine: Engine, layout: Layout): Store {
  const readsIn = (lane: Lane): SharedReads => ({
    readBuckets: (query) => readBuckets(engine, lane, query),
    readVersions: (query) => readVersions(engine, lane, query),
    readWorkflows: () => readWorkflows(engine, lane),
    findRun: (runId) => findRun(engine, lane, runId),
    version: (workflow, version) => readVersion(engine, lane, workflow, version),
  });
  return {
    migrate: () => migrate(engine, layout),
    forget: (query, forgetting) => forget(engine, layout, query, forgetting),
    retain: (retention) => retain(engine, { ...layout, ...retention }),
    ping: () => engine.ping(),
    insert: (table, ndjson, token) => engine.insert(table, ndjson, token),
    ...readsIn("sweep"),
    reads: (lane) => readsIn(lane),
    readMinutes: (query) => readMinutes(engine, query),
    findRunByKey: (workflow, businessKey) => findRunByKey(engine, workflow, businessKey),
    findOutputs: (runId) => findOutputs(engine, runId),
    receipt: (runId) => receipt(engine, runId),
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
