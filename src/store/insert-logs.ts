/**
 * The embedded engine's memory of the tokens that it has seen, made to survive a power loss. The engine syncs the parts
 * of an insert, but not the line that says which token they came under (chdb 3.4.0); without the line, a segment that is
 * inserted again counts twice.
 *
 *   <table>/<partition>_<first block>_<last block>_<level>/   a part: one insert, or several that were merged
 *   <table>/deduplication_logs/deduplication_log_<n>.txt      lines `1 TAB <part> TAB <token's hash>`, oldest first
 *
 * Lines are written just before their parts become visible, and synced before the insert is confirmed. So only the last
 * insert of a table can have lost one of the two, and its segment is still in the spool.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Table } from "../model/rows.ts";
import type { Engine } from "./engine.ts";

const folderName = "deduplication_logs";

/** Where the engine keeps a table, and the target of its view where it has one. */
const tableFolders = `SELECT data_paths[1] AS folder FROM system.tables
  WHERE database = currentDatabase() AND name IN ({table:String}, {target:String}) AND engine LIKE '%MergeTree'`;

/** Creates the sync of the logs that an insert into a table writes to. */
export function createInsertLogSync(select: Engine["select"]): (table: Table) => Promise<void> {
  const known = new Map<Table, { folder: string }[]>();
  return async (table) => {
    const found =
      known.get(table) ??
      (await select<{ folder: string }>("sweep", tableFolders, { table, target: `${table}_hour` }));
    known.set(table, found);
    for (const { folder } of found) await syncLog(folder);
  };
}

async function syncLog(tableFolder: string): Promise<void> {
  const folder = join(tableFolder, folderName);
  const newest = newestFirst(namesIn(folder))[0];
  for (const path of newest === undefined ? [] : [join(folder, newest), folder]) {
    const file = await open(path, "r");
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  }
}

/** What `repairInsertLogs` needs. */
export interface RepairOptions {
  /** Folder of the engine. */
  path: string;
  log: Logger;
  /** There are segments left whose rows may have been inserted: they will be inserted again. */
  hasSegments: boolean;
}

/**
 * Brings logs and parts of every table together after an unclean end: cuts what was torn, cuts lines whose parts are not
 * there, and sets parts aside that have no line and whose rows will be inserted again. Call it before the engine opens
 * the folder, and while nobody else can.
 */
export function repairInsertLogs({ path, log, hasSegments }: RepairOptions): void {
  for (const folder of foldersWithLog(path)) {
    const parts = readParts(folder);
    const { loggedMax, cut } = repairLog(
      join(folder, folderName),
      Math.max(0, ...parts.map(({ last }) => last)),
    );
    if (cut > 0) log.warn({ folder, bytes: cut }, "Cut lines without parts from the store's log of inserts");
    const unlogged = parts.filter(({ last }) => last > loggedMax);
    if (!hasSegments || unlogged.length === 0) continue;
    // Merged parts hold more than one insert, which one power loss does not leave behind: then the log itself was lost.
    if (unlogged.some(({ first, last }) => first !== last)) {
      log.warn(
        { folder },
        "Cannot tell which inserts were logged: rows of the last segments may be stored twice",
      );
      continue;
    }
    for (const { name } of unlogged) setAside(folder, name);
    log.warn(
      { folder, parts: unlogged.length },
      "Set parts aside that were not logged; they are inserted again",
    );
  }
}

/** Folders of the tables whose rows come from segments. */
function foldersWithLog(path: string): string[] {
  const definitions = join(path, "metadata", "default");
  return namesIn(definitions)
    .filter((name) => name !== "migrations.sql")
    .flatMap(
      (name) => /UUID '([0-9a-f-]{36})'/.exec(readFileSync(join(definitions, name), "utf8"))?.[1] ?? [],
    )
    .map((id) => join(path, "store", id.slice(0, 3), id))
    .filter((folder) => namesIn(folder).includes(folderName));
}

/** Nothing where there is no such folder, or a file in its place. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

interface Part {
  name: string;
  /** Numbers of the inserts that it holds. */
  first: number;
  last: number;
}

const partName = /^[^_]+_(\d+)_(\d+)_\d+(_\d+)?$/;

function readParts(folder: string): Part[] {
  return namesIn(folder).flatMap((name) => {
    const blocks = partName.exec(name);
    return blocks === null ? [] : [{ name, first: Number(blocks[1]), last: Number(blocks[2]) }];
  });
}

/** Cuts the end of the newest log from the first line that is torn or has no part. */
function repairLog(folder: string, partMax: number): { loggedMax: number; cut: number } {
  let cut = 0;
  for (const name of newestFirst(namesIn(folder))) {
    const path = join(folder, name);
    const bytes = readFileSync(path, "latin1");
    const { keep, loggedMax } = readLog(bytes, partMax);
    if (keep < bytes.length) truncateSynced(path, keep);
    cut += bytes.length - keep;
    // A log that has just begun says nothing yet; the one before it does.
    if (loggedMax > 0) return { loggedMax, cut };
  }
  return { loggedMax: 0, cut };
}

const line = /(\d)\t[^\t\n_]+_\d+_(\d+)_\d+(?:_\d+)?\t[^\t\n]+_\d+_\d+\n/y;

function readLog(text: string, partMax: number): { keep: number; loggedMax: number } {
  let keep = 0;
  let loggedMax = 0;
  line.lastIndex = 0;
  for (let found = line.exec(text); found !== null; found = line.exec(text)) {
    const block = Number(found[2]);
    if (found[1] === "1" && block > partMax) break;
    if (found[1] === "1") loggedMax = Math.max(loggedMax, block);
    keep = line.lastIndex;
  }
  return { keep, loggedMax };
}

function newestFirst(names: readonly string[]): string[] {
  const numberOf = (name: string) => Number(/^deduplication_log_(\d+)\.txt$/.exec(name)?.[1] ?? 0);
  return names.filter((name) => numberOf(name) > 0).sort((a, b) => numberOf(b) - numberOf(a));
}

function truncateSynced(path: string, bytes: number): void {
  const file = openSync(path, "r+");
  ftruncateSync(file, bytes);
  fdatasyncSync(file);
  closeSync(file);
}

/** Into the folder where the engine keeps parts that it does not read. */
function setAside(folder: string, name: string): void {
  const aside = join(folder, "detached");
  mkdirSync(aside, { recursive: true });
  const taken = namesIn(aside);
  let to = `unlogged_${name}`;
  for (let n = 1; taken.includes(to); n++) to = `unlogged_${name}_try${n}`;
  renameSync(join(folder, name), join(aside, to));
  const file = openSync(folder, "r");
  fsyncSync(file);
  closeSync(file);
}
