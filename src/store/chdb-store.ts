import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import type { Logger } from "pino";
import { PermanentError } from "../model/errors.ts";
import { bindParams } from "./bind-params.ts";
import { createClickHouseStore } from "./clickhouse-store.ts";
import { insertError, statementError } from "./clickhouse-errors.ts";
import {
  type Engine,
  type Lane,
  type Params,
  quiet,
  readSettings,
  type RowFormat,
  rowsOf,
} from "./engine.ts";
import { createInsertFiles } from "./insert-file.ts";
import { watchEngineThreads } from "./engine-threads.ts";
import { defaultLayout, type Layout } from "./layout.ts";
import { createInsertLogSync } from "./insert-logs.ts";
import type { Store } from "./port.ts";
import { createTurns } from "./turns.ts";

// A statement of ours is as long as the values in it, which are bounded where they come in.
const embeddedReadSettings = { ...readSettings, max_query_size: "100000000" } as const;

/** A page has up to five reads in line at once. Past so many, people would have gone before they are answered. */
const reportsWaitingMax = 32;
/** A page of a workflow in trouble draws dozens of signals at once, each in milliseconds. */
const chartsWaitingMax = 200;

type ClientOptions = NonNullable<Parameters<typeof createClient>[0]>;

/** What `openChdbStore` needs. */
export interface ChdbStoreOptions {
  /** Folder of the embedded engine. One process at a time, one folder to a process. */
  path: string;
  log: Logger;
  layout?: Partial<Layout> | undefined;
}

/**
 * Opens the embedded engine. Choose it for one process and one folder; `openServerStore` for anything larger.
 *
 * Statements of one session run one after another, so that inserts and each lane of reads have their own. All statements
 * with parameters, of whatever session, wait for each other in chdb 3.4.0, since its engine would mix their parameters up:
 * reads therefore reach it without any.
 *
 * @throws {PermanentError} If another process has the folder open.
 */
export function openChdbStore({ path, log, layout }: ChdbStoreOptions): Store {
  const threads = watchEngineThreads();
  const writes = connect(path);
  const lanes = openLanes(path);
  const ready = Promise.all(Object.values(lanes).map(({ client }) => applyReadSettings(client)));
  ready.catch(() => log.error("Cannot apply read settings to the embedded store"));

  const select: Engine["select"] = (...query) => engine.select(...query);
  const syncLogs = createInsertLogSync(select);
  const files = createInsertFiles({
    folder: path,
    select,
    // The client would lose the code of an error whose text has a NUL, and with it that a row is at fault.
    run: (sql) => writes.connection.chdb.queryAsync(sql),
  });
  const engine: Engine = {
    prepare: () => Promise.resolve(),
    async command(sql, params = {}) {
      try {
        // Only `forget` has parameters here, which no read waits for.
        await writes.client.command({ query: sql, query_params: params });
      } catch (error) {
        throw statementError("change the tables", error);
      }
    },
    async insert(table, ndjson, token) {
      try {
        await files.insert(table, ndjson, token);
        await syncLogs(table);
        threads.lower();
      } catch (error) {
        throw insertError(table, error);
      }
    },
    async select<T>(lane: Lane, sql: string, params: Params, format: RowFormat = "JSONEachRow") {
      const query = bindParams(sql, params);
      const { client, inTurn } = lanes[lane];
      try {
        await ready;
        const result = await inTurn(() => client.query({ query, format }));
        return rowsOf(await result.json<T>());
      } catch (error) {
        throw statementError("read from the store", error);
      }
    },
    async ping() {
      const { client, inTurn } = lanes.sweep;
      return (await inTurn(() => client.ping())).success;
    },
    async close() {
      await ready.catch(() => undefined);
      await files.close();
      for (const { client } of [writes, ...Object.values(lanes)]) await client.close();
    },
  };
  return createClickHouseStore(engine, { ...defaultLayout, ...layout });
}

function openLanes(path: string) {
  const openLane = (waitingMax?: number) => ({
    client: connect(path).client,
    inTurn: createTurns(waitingMax),
  });
  return {
    sweep: openLane(),
    evidence: openLane(),
    page: openLane(chartsWaitingMax),
    report: openLane(reportsWaitingMax),
    forget: openLane(),
  } satisfies Record<Lane, unknown>;
}

/** The client turns settings into SET statements, which stay for the session: set once, they hold for all reads. */
function applyReadSettings(client: ClickHouseClient) {
  const query = Object.entries(embeddedReadSettings)
    .map(([name, value]) => `SET ${name} = ${value}`)
    .join("; ");
  return client.command({ query });
}

function connect(path: string): {
  connection: ReturnType<typeof createChdbConnection>;
  client: ClickHouseClient;
} {
  try {
    const connection = createChdbConnection({ path });
    // Same shape; chdb is typed against `client-common`, which `client` now carries as a copy.
    const clientConnection = connection as unknown as NonNullable<ClientOptions["connection"]>;
    return { connection, client: createClient({ connection: clientConnection, log: quiet }) };
  } catch (cause) {
    const holder = holderOf(path);
    const why = holder === null ? "the embedded engine did not start" : `process ${holder} has it open`;
    throw new PermanentError(`Cannot open the store in '${path}': ${why}`, {
      cause,
      hint: "One process at a time can use a data folder, and one data folder can be used by a process.",
    });
  }
}

/**
 * The process that has the folder open. The engine keeps its id in the file that it locks, and says no more than that
 * it could not start. Null if there is none, or none that can be seen from here.
 */
function holderOf(path: string): number | null {
  try {
    const pid = Number(/^PID: (\d+)/m.exec(readFileSync(join(path, "status"), "utf8"))?.[1] ?? 0);
    if (pid === 0 || pid === process.pid) return null;
    process.kill(pid, 0);
    return pid;
  } catch {
    return null; // No such file, or the process is gone.
  }
}
