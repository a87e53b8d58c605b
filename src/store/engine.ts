import { ClickHouseLogLevel, type ResponseJSON } from "@clickhouse/client";
import type { Json } from "../model/json.ts";
import type { Ndjson, Table } from "../model/rows.ts";

/**
 * Which queue a read waits in. `sweep` is for what the product itself needs to go on (buckets, references); `evidence` for what it
 * looks up for people by itself (examples of a drift, runs to review, one run); `page` for the counts that pages draw; `report`
 * for what a person asked, which may be slow; `forget` for a person's order to forget, which must not end in the middle. On the
 * embedded engine each lane is a session of its own, so that none holds up the others.
 */
export type Lane = "sweep" | "evidence" | "page" | "report" | "forget";

/** Values by name, for the places `{name:Type}` of a statement: whatever they say, none of it is read as SQL. */
export type Params = Record<string, Json>;

/**
 * How rows are answered. `JSONEachRow`: objects, each a text of its own. `JSONCompact`: lists in the order of the columns,
 * in one text, which takes half the time where there are thousands; the text is held in memory as a whole.
 */
export type RowFormat = "JSONEachRow" | "JSONCompact";

/** The rows of an answer in either format. */
export function rowsOf<T>(answer: T[] | ResponseJSON<T>): T[] {
  return Array.isArray(answer) ? answer : answer.data;
}

/** One ClickHouse, embedded or remote: what `createClickHouseStore` needs of it. */
export interface Engine {
  /** Makes the database if there is none. */
  prepare(): Promise<void>;
  /** Runs one statement that answers nothing. */
  command(sql: string, params?: Params): Promise<void>;
  insert(table: Table, ndjson: Ndjson, token: string): Promise<void>;
  select<T>(lane: Lane, sql: string, params: Params, format?: RowFormat): Promise<T[]>;
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Settings of every insert. Each is explicit, because their defaults have changed between releases: a batch
 * is inserted synchronously, as one block, once for its token, in the table and in the targets of its views.
 */
export const insertSettings = {
  async_insert: 0,
  wait_for_async_insert: 1,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_insert_threads: "1",
  max_partitions_per_insert_block: "0",
  date_time_input_format: "best_effort",
  input_format_null_as_default: 1,
  input_format_skip_unknown_fields: 0,
  input_format_json_throw_on_bad_escape_sequence: 0,
} as const;

/** Settings of every read: counts must survive JSON, and no page may take the machine. */
export const readSettings = {
  output_format_json_quote_64bit_integers: 1,
  max_execution_time: 30,
  max_memory_usage: "1500000000",
  max_bytes_before_external_group_by: "500000000",
  max_bytes_before_external_sort: "500000000",
} as const;

/** The client's own log is off: it repeats the engine's messages, and those quote rows. */
export const quiet = { level: ClickHouseLogLevel.OFF } as const;
