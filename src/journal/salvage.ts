/**
 * Finds damage in a journal that SQLite opens without complaint, and takes along what is good.
 *
 * All text is read as bytes: text that is not UTF-8 ends the process in the driver (libsql 0.5).
 */
import { isUtf8 } from "node:buffer";
import type { Database, SqlValue } from "./database.ts";

/** Columns that hold JSON, and columns that hold one of a few words; in whatever table they are. */
const jsonColumns: ReadonlySet<string> = new Set(["body", "payload", "baseline"]);
const words: ReadonlyMap<string, readonly string[]> = new Map([
  ["pauses.state", ["running", "paused"]],
  ["outbox.state", ["pending", "delivered", "dead"]],
]);

/** What is wrong with a database, in words that follow its name; "" if nothing was found. */
export function findDamage(database: Database): string {
  try {
    const [report] = bytesOf(
      database.all("SELECT CAST(integrity_check AS BLOB) AS report FROM pragma_integrity_check(1)"),
    );
    if (textOf(report?.report) !== "ok") return "has pages that do not fit together";
    for (const table of tablesOf(database)) {
      const { isWhole, faults } = readTable(database, table, () => undefined);
      if (!isWhole) return `cannot be read to the end of '${table.name}'`;
      if (faults > 0) return `has damaged rows in '${table.name}'`;
    }
    return "";
  } catch {
    // Whatever SQLite stumbled over, it is not to be built on.
    return "cannot be read to its end";
  }
}

/**
 * Copies the definitions and every good row into an empty database, in one transaction.
 *
 * @returns how many rows were copied, and how many were found damaged; rows on pages that are gone are not counted.
 */
export function salvage(from: Database, to: Database): { copied: number; damaged: number } {
  let copied = 0;
  let damaged = 0;
  to.transaction(
    () => {
      for (const { sql } of bytesOf(from.all(definitions))) to.exec(textOf(sql));
      for (const table of tablesOf(from)) {
        const names = table.columns.map(({ name }) => `"${name}"`).join(", ");
        const marks = table.columns.map(() => "?").join(", ");
        const insert = `INSERT OR IGNORE INTO "${table.name}" (${names}) VALUES (${marks})`;
        const { faults } = readTable(from, table, (values) => (copied += to.run(insert, ...values)));
        damaged += faults;
      }
    },
    () => undefined,
  );
  return { copied, damaged };
}

const definitions = `SELECT CAST(sql AS BLOB) AS sql FROM sqlite_master
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY type DESC, rowid`;

interface Table {
  name: string;
  columns: { name: string; isText: boolean }[];
}

/** What the driver answers where a statement casts to BLOB. */
type Bytes = Record<string, ArrayBuffer | number | null>;

function bytesOf(rows: unknown[]): Bytes[] {
  return rows as Bytes[];
}

/** Throws for bytes that are no text. */
function textOf(value: ArrayBuffer | number | null | undefined): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value as ArrayBuffer);
}

function tablesOf(database: Database): Table[] {
  const names = database.all(
    "SELECT CAST(name AS BLOB) AS name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
  );
  return bytesOf(names).map((row) => {
    const name = textOf(row.name);
    const columns = database.all(
      "SELECT CAST(name AS BLOB) AS name, CAST(type AS BLOB) AS type FROM pragma_table_info(?)",
      name,
    );
    return {
      name,
      columns: bytesOf(columns).map((column) => ({
        name: textOf(column.name),
        isText: textOf(column.type) === "TEXT",
      })),
    };
  });
}

const chunkRows = 200;

/**
 * Hands over every good row, from the first on as far as it can be read, and then from the last back to there.
 *
 * @returns whether all of it could be read, and how many rows were bad.
 */
function readTable(
  database: Database,
  table: Table,
  take: (values: SqlValue[]) => void,
): { isWhole: boolean; faults: number } {
  let faults = 0;
  const check = (row: Bytes) => {
    const values = goodValues(table, row);
    if (values === null) faults++;
    else take(values);
  };
  const forward = walk(database, table, { isForward: true, until: Infinity }, check);
  if (forward === null) return { isWhole: true, faults };
  walk(database, table, { isForward: false, until: forward }, check);
  return { isWhole: false, faults };
}

/** Walks until a page cannot be read. Answers the last row before it, or null at the end. */
function walk(
  database: Database,
  table: Table,
  { isForward, until }: { isForward: boolean; until: number },
  take: (row: Bytes) => void,
): number | null {
  const columns = table.columns.map(
    ({ name, isText }, at) => `${isText ? asBytes(name) : asNumber(name)} AS c${at}`,
  );
  const condition = isForward ? "rowid > ?" : "rowid < ? AND rowid > ?";
  const order = isForward ? "rowid" : "rowid DESC";
  const select = `SELECT rowid AS at, ${columns.join(", ")} FROM "${table.name}" WHERE ${condition} ORDER BY ${order} LIMIT ?`;
  let at = isForward ? -1 : Number.MAX_SAFE_INTEGER;
  let limit = chunkRows;
  for (;;) {
    const bounds = isForward ? [at] : [at, until];
    let rows: Bytes[];
    try {
      rows = bytesOf(database.all(select, ...bounds, limit));
    } catch {
      if (limit === 1) return at;
      limit = 1;
      continue;
    }
    for (const row of rows) take(row);
    const last = rows.at(-1)?.at;
    if (last === undefined) return null;
    at = last as number;
  }
}

function asBytes(column: string): string {
  return `CASE WHEN "${column}" IS NOT NULL THEN CAST("${column}" AS BLOB) END`;
}

function asNumber(column: string): string {
  return `CASE WHEN typeof("${column}") IN ('integer', 'real') THEN "${column}" END`;
}

/** The values of a row, or null for one that is damaged. */
function goodValues(table: Table, row: Bytes): SqlValue[] | null {
  const values: SqlValue[] = [];
  for (const [at, { name, isText }] of table.columns.entries()) {
    const value = row[`c${at}`] ?? null;
    if (!isText || value === null) {
      values.push(value as number | null);
      continue;
    }
    const bytes = Buffer.from(value as ArrayBuffer);
    if (!isUtf8(bytes) || !isExpected(table.name, name, bytes.toString())) return null;
    values.push(bytes.toString());
  }
  return values;
}

function isExpected(table: string, column: string, text: string): boolean {
  const allowed = words.get(`${table}.${column}`);
  if (allowed !== undefined) return allowed.includes(text);
  if (!jsonColumns.has(column)) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
