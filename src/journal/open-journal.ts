import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Logger } from "pino";
import { faultCode, PermanentError, TransientError } from "../model/errors.ts";
import { createApprovals } from "./approvals.ts";
import { createBaselines } from "./baselines.ts";
import { createCanaryRecords } from "./canary.ts";
import { type Database, openDatabase, sqliteCode } from "./database.ts";
import { compactJournal, forgetInJournal } from "./forget.ts";
import { createIncidents } from "./incidents.ts";
import { migrateJournal } from "./migrate.ts";
import { createOutbox } from "./outbox.ts";
import { createPauses } from "./pauses.ts";
import type { Journal } from "./port.ts";
import { createRecords } from "./records.ts";
import { createReviewQueue } from "./review-queue.ts";
import { findDamage, salvage } from "./salvage.ts";
import { findWalDamage } from "./wal.ts";
import { createWaitingLabels } from "./waiting-labels.ts";

/**
 * Opens the journal: one SQLite file, held by one process.
 *
 * The hold is SQLite's own exclusive lock on the file, so that it ends with the process however that dies.
 * The process id beside it (`<path>.pid`) only tells people who holds it. A damaged file is moved aside to
 * `<path>.corrupt-<n>` and a fresh one begun, with every row that is good: pausing and telling people must go on.
 *
 * Do not open the file by other means while the journal holds it: closing any descriptor of it drops the lock.
 *
 * @param options.path The file, for example `./evenkeel-data/journal.db`; folders are created.
 * @throws {PermanentError} If the data folder cannot be written, another process holds it, or a newer version wrote it.
 */
export function openJournal({ path, log }: { path: string; log: Logger }): Journal {
  prepareFolder(dirname(path));
  const database = openOrQuarantine(path, log);
  try {
    migrateJournal(database);
  } catch (error) {
    close(database);
    throw error;
  }
  writeFileSync(`${path}.pid`, String(process.pid));
  const pauses = createPauses(database);
  return {
    transaction: (work) => database.transaction(work, () => pauses.reload()),
    incidents: createIncidents(database),
    outbox: createOutbox(database),
    pauses,
    baselines: createBaselines(database),
    ...createRecords(database),
    reviewQueue: createReviewQueue(database),
    approvals: createApprovals(database),
    waitingLabels: createWaitingLabels(database),
    canary: createCanaryRecords(database),
    forget(forgetting, runIds) {
      const work = () => forgetInJournal(database, forgetting, runIds);
      const rows = database.transaction(work, () => undefined);
      pauses.reload();
      compactJournal(database);
      return rows;
    },
    close: () => close(database),
  };
}

function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new PermanentError(
      `Cannot open data folder '${folder}': it must be a folder that can be written, got ${faultCode(cause)}`,
      { cause, hint: "Let this user write to it, or choose another folder with --data" },
    );
  }
}

/** Keeps a copy of a write-ahead log of which SQLite will take the beginning only. */
function keepDamagedWal(path: string, log: Logger): void {
  const wal = `${path}-wal`;
  const bytes = existsSync(wal) ? readFileSync(wal) : Buffer.alloc(0);
  const at = findWalDamage(bytes);
  if (at === null) return;
  const copiedTo = unusedPath(`${wal}.corrupt-`);
  writeFileSync(copiedTo, bytes);
  log.error(
    { path: wal, copiedTo, at, bytes: bytes.length },
    "The journal's latest changes are damaged; it goes on without what was written after the damage",
  );
}

function openOrQuarantine(path: string, log: Logger): Database {
  keepDamagedWal(path, log);
  let database: Database;
  try {
    database = openHeld(path);
  } catch (error) {
    const code = sqliteCode(error);
    if (code !== "SQLITE_NOTADB" && code !== "SQLITE_CORRUPT") throw error;
    const movedTo = moveAside(path);
    log.error(
      { path, movedTo, code },
      "The journal is not readable as a database; it was moved aside and a fresh one begun. Incidents, pauses and baselines start anew",
    );
    return openHeld(path);
  }
  const damage = findDamage(database);
  if (damage === "") return database;
  // Out of WAL first: a connection that closes later would delete the log of the journal that takes this one's place.
  close(database);
  return rebuild(path, damage, log);
}

/** Moves a damaged journal aside and begins a fresh one with every row of it that is good. */
function rebuild(path: string, damage: string, log: Logger): Database {
  const movedTo = moveAside(path);
  const old = openDatabase(movedTo);
  let fresh = openHeld(path);
  try {
    const rows = salvage(old, fresh);
    log.error(
      { path, movedTo, ...rows },
      `The journal ${damage}; it was moved aside and a fresh one begun with what is good of it`,
    );
  } catch (error) {
    close(fresh);
    rmSync(path);
    if (error instanceof TransientError) {
      // A full disk is no reason to begin without what is good.
      renameSync(movedTo, path);
      throw error;
    }
    fresh = openHeld(path);
    log.error(
      { path, movedTo, code: sqliteCode(error) },
      `The journal ${damage}; it was moved aside and a fresh one begun. Incidents, pauses and baselines start anew`,
    );
  } finally {
    old.close();
  }
  return fresh;
}

function moveAside(path: string): string {
  const aside = unusedPath(`${path}.corrupt-`);
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** Opens the file and takes the exclusive lock, which lasts until `close` or the end of the process. */
function openHeld(path: string): Database {
  const database = openDatabase(path);
  try {
    // In this mode the first write takes the lock and nothing gives it back; WAL then needs no shared memory.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec("BEGIN IMMEDIATE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof TransientError && sqliteCode(error.cause) === "SQLITE_BUSY")
      throw new PermanentError(
        `Cannot open data folder '${dirname(path)}': another process (pid ${holder(path)}) holds it`,
        { cause: error, hint: "Stop that process, or choose another folder with --data" },
      );
    throw error;
  }
}

function holder(path: string): string {
  return existsSync(`${path}.pid`) ? readFileSync(`${path}.pid`, "utf8") : "unknown";
}

function close(database: Database): void {
  database.release();
  database.close();
}

function unusedPath(prefix: string): string {
  let n = 1;
  while (existsSync(`${prefix}${n}`)) n += 1;
  return `${prefix}${n}`;
}
