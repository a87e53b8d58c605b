import type { ReviewRow, RunRow } from "../model/rows.ts";
import { rowColumns } from "./columns.ts";
import type { Span, Store } from "./port.ts";

type Queries = Pick<Store, "query">;

/** Rows of one workflow, by their arrival. */
export interface HistoryQuery extends Span {
  workflow: string;
}

const pageRows = 500;

/** The runs of a workflow, oldest first, read a page at a time. */
export function readRuns(store: Queries, query: HistoryQuery): AsyncGenerator<RunRow, void> {
  return readRows<RunRow>(store, "runs", "run_id", query);
}

/** The reviews of a workflow, oldest first, read a page at a time. */
export function readReviews(store: Queries, query: HistoryQuery): AsyncGenerator<ReviewRow, void> {
  return readRows<ReviewRow>(store, "reviews", "review_id", query);
}

async function* readRows<T extends { received_at: number } & { [K in "run_id" | "review_id"]?: string }>(
  store: Queries,
  table: "runs" | "reviews",
  id: "run_id" | "review_id",
  { workflow, fromMs, toMs }: HistoryQuery,
): AsyncGenerator<T, void> {
  let after = { ms: fromMs, id: "" };
  for (;;) {
    const rows = await store.query<T>(
      `SELECT ${rowColumns(table)} FROM ${table} AS t
       WHERE t.workflow = {workflow:String}
         AND t.received_at >= fromUnixTimestamp64Milli({afterMs:Int64})
         AND t.received_at < fromUnixTimestamp64Milli({toMs:Int64})
         AND (t.received_at, t.${id}) > (fromUnixTimestamp64Milli({afterMs:Int64}), {afterId:String})
       ORDER BY t.received_at, t.${id} LIMIT ${pageRows}`,
      { workflow, afterMs: Math.floor(after.ms), afterId: after.id, toMs: Math.ceil(toMs) },
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = { ms: last.received_at, id: last[id] ?? "" };
  }
}
