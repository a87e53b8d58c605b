import type { Table } from "../model/rows.ts";
import { type Layout, onCluster } from "./layout.ts";

/**
 * What spreads the rows of a table over the shards. It depends on the row alone, so that a batch that is sent again
 * falls apart in the same way and each shard knows its piece by its token. What belongs to a run lies beside it.
 */
const shardKeys: Record<Table | "rollups_hour", string> = {
  runs: "sipHash64(run_id)",
  steps: "sipHash64(run_id)",
  reviews: "sipHash64(run_id)",
  outcomes: "sipHash64(run_id)",
  decisions: "sipHash64(run_id)",
  versions: "sipHash64(workflow)",
  rejects: "sipHash64(reject_id)",
  rollups: "sipHash64(workflow, kind, field)",
  rollups_hour: "sipHash64(workflow, kind, field)",
};

/** The name under which a table's rows lie on each server: its own, or on a cluster that of its shard. */
export function storedTable(table: string, { cluster }: Pick<Layout, "cluster">): string {
  return cluster !== "" && isSharded(table) ? `${table}_local` : table;
}

/**
 * What a statement of a migration becomes on a cluster: the same for the table that holds the shard's rows, and another
 * for the table of its own name, which is the whole. A single server gets the statement itself.
 */
export function spread(statement: string, layout: Layout): string[] {
  if (layout.cluster === "") return [statement];
  const toShards = (pattern: RegExp) =>
    statement.replace(pattern, (_, before: string, name: string) => before + storedTable(name, layout));
  if (statement.startsWith("CREATE MATERIALIZED VIEW")) return [toShards(/(\b(?:TO|FROM) )(\w+)/g)];
  const head = /^(CREATE TABLE IF NOT EXISTS |ALTER TABLE )(\w+)/;
  const [, verb = "", table = ""] = head.exec(statement) ?? [];
  if (!isSharded(table)) return [onAllShards(statement)];
  const shards = toShards(head);
  if (verb.startsWith("CREATE")) return [shards, whole(table, layout)];
  return / (ADD|DROP|RENAME|MODIFY) COLUMN /.test(statement) ? [shards, statement] : [shards];
}

function isSharded(table: string): table is keyof typeof shardKeys {
  return Object.hasOwn(shardKeys, table);
}

/** What is small and must be known everywhere has the same rows on all servers, whatever their shard. */
function onAllShards(statement: string): string {
  return statement.replace("/tables/{shard}/", "/tables/all/").replace("'{replica}'", "'{shard}-{replica}'");
}

function whole(table: keyof typeof shardKeys, layout: Layout): string {
  const { cluster, database } = layout;
  const local = storedTable(table, layout);
  // The database by its name: on another server of the cluster, the current one is another.
  return `CREATE TABLE IF NOT EXISTS ${table} ${onCluster(layout)} AS ${local}
ENGINE = Distributed('${cluster}', '${database}', '${local}', ${shardKeys[table]})`;
}

/**
 * Settings of inserts into a cluster: an insert is done once a majority of the replicas of each shard has its piece, so
 * that a server that is lost for good takes no acknowledged run along.
 */
export const clusterInsertSettings = {
  distributed_foreground_insert: 1,
  insert_quorum: "auto",
  load_balancing: "in_order",
} as const;

/**
 * Settings of reads from a cluster. Subqueries over other tables are answered by all shards before the query is. Reads
 * and inserts take the same replica while it is there: another may not have a closed minute yet.
 */
export const clusterReadSettings = {
  distributed_product_mode: "global",
  load_balancing: "in_order",
} as const;
