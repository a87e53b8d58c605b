import { PermanentError } from "../model/errors.ts";
import type { RunRow } from "../model/rows.ts";
import { rowColumns } from "./columns.ts";
import type { Engine, Params } from "./engine.ts";
import { fieldEquals } from "./field-path.ts";
import type { RunQuery } from "./port.ts";

const limitDefault = 50;
const limitMax = 500;

/** Position after the last run of a page; newest runs come first. */
interface Cursor {
  receivedAtMs: number;
  runId: string;
}

/**
 * Finds runs, newest first, a page at a time.
 *
 * @throws {PermanentError} If the cursor is not one of ours.
 */
export async function searchRuns(
  engine: Engine,
  query: RunQuery,
): Promise<{ runs: RunRow[]; cursor: string | null }> {
  const limit = Math.min(Math.max(Math.trunc(query.limit ?? limitDefault), 1), limitMax);
  const { filters, params } = searchFilters(query);
  // The wide columns are read for the rows of the page only.
  const runs = await engine.select<RunRow>(
    "report",
    `SELECT ${rowColumns("runs")} FROM runs AS t
    WHERE (t.workflow, t.received_at, t.run_id) IN (
      SELECT t.workflow, t.received_at, t.run_id FROM runs AS t
      WHERE ${filters.join(" AND ")}
      ORDER BY t.received_at DESC, t.run_id DESC LIMIT {limit:UInt32}
    )
    ORDER BY t.received_at DESC, t.run_id DESC LIMIT {limit:UInt32}`,
    { ...params, limit },
  );
  const last = runs.at(-1);
  const cursor =
    last === undefined || runs.length < limit ? null : { receivedAtMs: last.received_at, runId: last.run_id };
  return { runs, cursor: cursor === null ? null : encodeCursor(cursor) };
}

function searchFilters(query: RunQuery): { filters: string[]; params: Params } {
  const filters = ["1"];
  const params: Params = {};
  const add = (name: string, value: string | number | undefined, sql: string) => {
    if (value === undefined) return;
    params[name] = value;
    filters.push(sql);
  };
  add("workflow", query.workflow, "t.workflow = {workflow:String}");
  add("status", query.status, "t.status = {status:String}");
  add("version", query.version, "t.version = {version:String}");
  add("fromMs", query.fromMs, "t.received_at >= fromUnixTimestamp64Milli({fromMs:Int64})");
  add("toMs", query.toMs, "t.received_at < fromUnixTimestamp64Milli({toMs:Int64})");
  if (query.q !== undefined && query.q !== "") {
    const places = ["inputs", "outputs", "error_type", "error_message"];
    const found = places.map((column) => `positionCaseInsensitiveUTF8(t.${column}, {q:String}) > 0`);
    add("q", query.q, `(${found.join(" OR ")} OR t.run_id = {q:String})`);
  }
  add("field", query.field, "has(t.fields, {field:String})");
  if (query.field !== undefined && query.value !== undefined) {
    filters.push(fieldEquals(query.field, query.value, params));
  }
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(query.cursor);
    params.runId = cursor.runId;
    const position = "(fromUnixTimestamp64Milli({receivedAtMs:Int64}), {runId:String})";
    add("receivedAtMs", cursor.receivedAtMs, `(t.received_at, t.run_id) < ${position}`);
  }
  return { filters, params };
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify([cursor.receivedAtMs, cursor.runId])).toString("base64url");
}

function decodeCursor(text: string): Cursor {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (Array.isArray(parsed) && Number.isSafeInteger(parsed[0]) && typeof parsed[1] === "string") {
      return { receivedAtMs: parsed[0] as number, runId: parsed[1] };
    }
  } catch {
    // Not JSON: refused below, like any other text that is no cursor.
  }
  throw new PermanentError("Cannot search runs: 'cursor' must come from the page before");
}
