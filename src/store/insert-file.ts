/**
 * How rows reach the embedded engine: through a file that it reads as a table. Handed over as a value, the same rows cost half as
 * much processor time again (chdb 3.4.0): they are copied twice, and parsed outside the engine's own threads.
 *
 * The file is opened once for a table, loses its name at once, so that no end of the process leaves it behind, and is
 * written over by each insert. The engine opens it by its descriptor, which also spares paths that it would take for patterns.
 * It is never synced: the rows are in the spool.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { TransientError } from "../model/errors.ts";
import type { Ndjson, Table } from "../model/rows.ts";
import { type Engine, insertSettings } from "./engine.ts";
import { sqlLiteral } from "./sql-literal.ts";
import { createTurns } from "./turns.ts";

/** Inserts rows by way of a file. */
export interface InsertFiles {
  insert(table: Table, ndjson: Ndjson, token: string): Promise<void>;
  close(): Promise<void>;
}

/** What `createInsertFiles` needs. */
export interface InsertFilesOptions {
  /** An existing folder for the files. */
  folder: string;
  select: Engine["select"];
  /** Runs the statement that inserts. */
  run: (sql: string) => Promise<unknown>;
}

interface TableFile {
  file: FileHandle;
  columns: { name: string; type: string }[];
  inTurn: ReturnType<typeof createTurns>;
}

/** Columns that rows have; the others have a default. */
const givenColumns = `SELECT name, type FROM system.columns
  WHERE database = currentDatabase() AND table = {table:String} AND default_kind = '' ORDER BY position`;

/** A batch stays one block, and one thread suffices it: the processors have other work. */
const oneBlock = {
  max_threads: "1",
  min_insert_block_size_rows: "100000000",
  min_insert_block_size_bytes: "4000000000",
} as const;

/** Creates the files of a store, each when its table gets its first rows. */
export function createInsertFiles({ folder, select, run }: InsertFilesOptions): InsertFiles {
  const files = new Map<Table, Promise<TableFile>>();

  async function openFile(table: Table): Promise<TableFile> {
    const columns = await select<TableFile["columns"][number]>("sweep", givenColumns, { table });
    // Never the file of another store that has the folder open too.
    const path = join(folder, `inserting-${randomUUID()}`);
    const file = await open(path, "wx+", 0o600);
    await rm(path, { force: true });
    return { file, columns, inTurn: createTurns() };
  }

  function fileOf(table: Table): Promise<TableFile> {
    const known = files.get(table);
    if (known !== undefined) return known;
    const opened = openFile(table);
    files.set(table, opened);
    opened.catch(() => files.delete(table));
    return opened;
  }

  return {
    async insert(table, ndjson, token) {
      const { file, columns, inTurn } = await fileOf(table);
      await inTurn(async () => {
        try {
          await fill(file, ndjson);
          await run(statement(table, columns, file.fd, token));
        } catch (error) {
          // On a full disk it would go on taking the last room, which the spool and the journal need.
          await file.truncate(0).catch(() => undefined);
          throw error;
        }
      });
    },
    async close() {
      for (const opened of files.values()) {
        const { file, inTurn } = await opened;
        // An insert under way has yet to open it by its number, which might be another file's by then.
        await inTurn(() => file.close());
      }
    },
  };
}

/** Pages that the last insert left are written over, which is cheaper than new ones. */
async function fill(file: FileHandle, ndjson: Ndjson): Promise<void> {
  const pieces = [ndjson].flat();
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { bytesWritten } = await file.writev(pieces, 0);
  if (bytesWritten !== bytes)
    throw new TransientError(`Cannot insert ${bytes} bytes: only ${bytesWritten} had room`);
  await file.truncate(bytes);
}

function statement(table: Table, columns: TableFile["columns"], fd: number, token: string): string {
  const names = columns.map(({ name }) => name).join(", ");
  const structure = columns.map(({ name, type }) => `${name} ${type}`).join(", ");
  const settings = Object.entries({ ...insertSettings, ...oneBlock, insert_deduplication_token: token })
    .map(([name, value]) => `${name} = ${typeof value === "number" ? value : sqlLiteral(value)}`)
    .join(", ");
  return `INSERT INTO ${table} (${names}) SELECT ${names}
    FROM file('/dev/fd/${fd}', 'JSONEachRow', ${sqlLiteral(structure)}) SETTINGS ${settings}`;
}
