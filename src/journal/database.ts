import LibsqlDatabase from "libsql";
import { TransientError } from "../model/errors.ts";

/** A value that SQLite stores. */
export type SqlValue = string | number | null;

/** A row by column name; each table's file knows the type of its columns. */
export type SqlRow = Record<string, SqlValue>;

/** One SQLite connection with prepared statements kept, and errors sorted into ours. */
export interface Database {
  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, ...values: SqlValue[]): number;
  get(sql: string, ...values: SqlValue[]): SqlRow | undefined;
  all(sql: string, ...values: SqlValue[]): SqlRow[];
  /** Runs several statements without parameters. */
  exec(sql: string): void;
  /** One transaction around `work`; calls inside join it. `onRollback` runs after the outermost one failed. */
  transaction<T>(work: () => T, onRollback: () => void): T;
  /**
   * Gives an exclusive lock back. Needed before `close`: libsql keeps a connection alive, and its lock with it,
   * until the statements are garbage collected.
   */
  release(): void;
  close(): void;
}

/** Full disk, failing disk, or a lock held elsewhere: the same statement may pass later. */
const passingCodes = ["SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_LOCKED"];

/** The SQLite result code of an error, "" for any other error. */
export function sqliteCode(error: unknown): string {
  return error instanceof LibsqlDatabase.SqliteError ? error.code : "";
}

/**
 * Opens one SQLite file, creating it if need be.
 *
 * @throws what libsql throws when the file is not a database; see `sqliteCode`.
 */
export function openDatabase(path: string): Database {
  const connection = new LibsqlDatabase(path);
  const statements = new Map<string, ReturnType<typeof connection.prepare>>();
  let depth = 0;

  function prepared(sql: string): ReturnType<typeof connection.prepare> {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  return {
    run: (sql, ...values) => sorted(() => prepared(sql).run(values).changes),
    get: (sql, ...values) => sorted(() => prepared(sql).get(values) as SqlRow | undefined),
    all: (sql, ...values) => sorted(() => prepared(sql).all(values) as SqlRow[]),
    exec: (sql) => sorted(() => connection.exec(sql)),

    transaction(work, onRollback) {
      if (depth > 0) return work();
      depth += 1;
      try {
        sorted(() => connection.exec("BEGIN IMMEDIATE"));
        const result = work();
        sorted(() => connection.exec("COMMIT"));
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some faults (a full disk); a second ROLLBACK would fail.
        if (connection.inTransaction) connection.exec("ROLLBACK");
        onRollback();
        throw error;
      } finally {
        depth -= 1;
      }
    },

    release: () =>
      sorted(() =>
        // SQLite leaves the exclusive mode only from outside WAL.
        connection.exec(
          "PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; BEGIN IMMEDIATE; COMMIT",
        ),
      ),

    close: () => connection.close(),
  };
}

function sorted<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = sqliteCode(error);
    if (passingCodes.some((passing) => code.startsWith(passing)))
      throw new TransientError(`Cannot write the journal: SQLite answered ${code}`, { cause: error });
    throw error;
  }
}
