import type { Forgetting } from "../model/forgetting.ts";
import { isJsonObject, type Json } from "../model/json.ts";
import { text } from "./columns.ts";
import type { Database } from "./database.ts";

/** Columns of text that people wrote, and of the business keys that early labels wait for. */
const contentColumns = new Set(["reason", "detail", "why", "last_error", "awaits"]);

/**
 * Members of the documents in other columns that hold what runs or people said, with everything below them. The rest is ids,
 * names and states that the product itself goes by. Bins (`=value`) are found wherever they stand.
 */
const contentMembers = new Set(
  (
    "title sentence reasons value of note reason diff before after text detail why input inputs output outputs payload " +
    "error action reviewer businessKey exampleRunIds baselineRunIds v"
  ).split(" "),
);

/**
 * Takes a value out of every table, and deletes rows that belong to forgotten runs. Then the file is written anew, since
 * SQLite leaves what it overwrites in free pages.
 *
 * @returns how many rows were changed or deleted.
 */
export function forgetInJournal(
  database: Database,
  forgetting: Forgetting,
  runIds: readonly string[],
): number {
  let rows = 0;
  for (const { table, columns } of tablesOf(database)) {
    if (columns.includes("run_id")) {
      rows += database.run(
        `DELETE FROM ${table} WHERE run_id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(runIds),
      );
    }
    for (const column of columns) rows += rewriteColumn(database, table, column, forgetting);
  }
  return rows;
}

/** Gives the space of what was overwritten back, with what stood there. Not within a transaction. */
export function compactJournal(database: Database): void {
  database.exec("VACUUM");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

/** The tables with their columns of text; all are the product's own. */
function tablesOf(database: Database): { table: string; columns: string[] }[] {
  const names = database.all(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  return names.map((row) => {
    const table = text(row, "name");
    const columns = database.all("SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'", table);
    return { table, columns: columns.map((column) => text(column, "name")) };
  });
}

function rewriteColumn(database: Database, table: string, column: string, forgetting: Forgetting): number {
  let rows = 0;
  for (const row of database.all(`SELECT rowid AS id, ${column} AS body FROM ${table}`)) {
    const body = text(row, "body");
    if (!forgetting.matches(body)) continue;
    const changed = rewriteBody(body, contentColumns.has(column), forgetting);
    if (changed === body) continue;
    database.run(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`, changed, Number(row.id));
    rows += 1;
  }
  return rows;
}

/** A text as a whole where it is content, else what is content in the document that it holds. */
function rewriteBody(body: string, isContent: boolean, forgetting: Forgetting): string {
  const first = body.charAt(0);
  if (first !== "{" && first !== "[") return isContent ? forgetting.rewrite(body) : body;
  try {
    return JSON.stringify(rewriteJson(JSON.parse(body) as Json, isContent, forgetting));
  } catch {
    // Text that only begins like a document.
    return isContent ? forgetting.rewrite(body) : body;
  }
}

function rewriteJson(value: Json, isContent: boolean, forgetting: Forgetting): Json {
  if (typeof value === "string") return rewriteString(value, isContent, forgetting);
  if (Array.isArray(value)) return value.map((item) => rewriteJson(item, isContent, forgetting));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]): [string, Json] => [
    rewriteString(name, isContent, forgetting),
    rewriteJson(member, isContent || contentMembers.has(name), forgetting),
  ]);
  return Object.fromEntries(members);
}

function rewriteString(value: string, isContent: boolean, { rewrite }: Forgetting): string {
  return isContent || value.startsWith("=") ? rewrite(value) : value;
}
