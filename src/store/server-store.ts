import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import type { Logger } from "pino";
import { PermanentError } from "../model/errors.ts";
import { createClickHouseStore } from "./clickhouse-store.ts";
import { clusterInsertSettings, clusterReadSettings } from "./cluster.ts";
import { insertError, statementError } from "./clickhouse-errors.ts";
import { type Engine, insertSettings, quiet, readSettings, type RowFormat, rowsOf } from "./engine.ts";
import { defaultLayout, type Layout, onCluster } from "./layout.ts";
import type { Store } from "./port.ts";

/** What `openServerStore` needs. */
export interface ServerStoreOptions {
  /** `http://host:8123` or `https://…`; credentials belong into the other members. */
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  database?: string | undefined;
  log: Logger;
  layout?: Partial<Layout> | undefined;
}

/**
 * Opens a ClickHouse server or cluster by URL. Opening does not connect: a server that is down shows in the
 * first call, as a `TransientError`.
 *
 * @throws {PermanentError} If the name of the database is not an identifier.
 */
export function openServerStore({ url, user, password, database, log, layout }: ServerStoreOptions): Store {
  const name = database ?? "default";
  const full: Layout = { ...defaultLayout, ...layout, database: name };
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new PermanentError(
      "Cannot open the store: the database name must be letters, digits and underscores",
    );
  }
  const base = {
    url,
    username: user ?? "default",
    password: password ?? "",
    compression: { request: true, response: true },
    request_timeout: 60_000,
    max_open_connections: 10,
    log: quiet,
  };

  log.debug({ database: name }, "Store is a ClickHouse server");
  const isCluster = full.cluster !== "";
  const engine = serverEngine(createClient({ ...base, database: name }), isCluster, async () => {
    if (name === "default") return;
    const root = createClient({ ...base, database: "default" });
    try {
      await root.command({ query: `CREATE DATABASE IF NOT EXISTS ${name} ${onCluster(full)}` });
    } catch (error) {
      throw statementError("create the database", error);
    } finally {
      await root.close();
    }
  });
  return createClickHouseStore(engine, full);
}

function serverEngine(client: ClickHouseClient, isCluster: boolean, prepare: () => Promise<void>): Engine {
  const inserting = {
    ...insertSettings,
    ...(isCluster ? clusterInsertSettings : {}),
    wait_end_of_query: 1,
  } as const;
  const reading = { ...readSettings, ...(isCluster ? clusterReadSettings : {}) };
  return {
    prepare,
    async command(sql, params = {}) {
      try {
        await client.command({ query: sql, query_params: params });
      } catch (error) {
        throw statementError("change the tables", error);
      }
    },
    async insert(table, ndjson, token) {
      try {
        // `client.insert` would take objects and encode them once more.
        const { stream } = await client.exec({
          query: `INSERT INTO ${table} FORMAT JSONEachRow`,
          values: Readable.from([ndjson].flat(), { objectMode: false }),
          clickhouse_settings: { ...inserting, insert_deduplication_token: token },
        });
        // The answer is empty; the connection is free once it has been read.
        await finished(stream.resume());
      } catch (error) {
        throw insertError(table, error);
      }
    },
    async select<T>(
      _lane: unknown,
      sql: string,
      params: Record<string, unknown>,
      format: RowFormat = "JSONEachRow",
    ) {
      try {
        const result = await client.query({
          query: sql,
          query_params: params,
          format,
          clickhouse_settings: reading,
        });
        return rowsOf(await result.json<T>());
      } catch (error) {
        throw statementError("read from the store", error);
      }
    },
    async ping() {
      return (await client.ping()).success;
    },
    async close() {
      await client.close();
    },
  };
}
