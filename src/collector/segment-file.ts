import { constants } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file that takes records. */
export interface AppendFile {
  readonly path: string;
  /** Bytes that are synced: where the next record goes. */
  bytes(): number;
  /** Writes records behind the last and syncs them. If it throws, none of them is in the file, or the next call fails. */
  append(records: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

// On Linux a file can be opened so that a write returns once it is durable. A write and a sync of their own are two trips
// through the thread pool, and under load the event loop comes by for each only after it has read all that has come.
const syncsOnWrite = process.platform === "linux";
const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** Creates a file and syncs its name, so that it is found again after a power loss. */
export async function createAppendFile(path: string, header = Buffer.alloc(0)): Promise<AppendFile> {
  const file = await open(path, syncsOnWrite ? createFlags | constants.O_DSYNC : createFlags);
  let bytes = 0;
  let hasTail = false;

  /** A record that was refused must not come to light when the file is read: its client has been told to send it again. */
  async function cutTail(): Promise<void> {
    if (!hasTail) return;
    await file.truncate(bytes);
    await file.datasync();
    hasTail = false;
  }

  async function append(records: readonly Buffer[]): Promise<void> {
    await cutTail();
    hasTail = true;
    try {
      bytes += await writeSynced(file, records, bytes);
      hasTail = false;
    } catch (error) {
      // At once, since this may have been the last call. A disk that refuses this too is asked again at the next.
      await cutTail().catch(() => undefined);
      throw error;
    }
  }

  try {
    await append([header]);
    await syncFolder(dirname(path));
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  return { path, bytes: () => bytes, append, close: () => file.close() };
}

async function writeSynced(file: FileHandle, records: readonly Buffer[], at: number): Promise<number> {
  const total = records.reduce((sum, record) => sum + record.length, 0);
  const { bytesWritten } = await file.writev(records, at);
  if (bytesWritten !== total) throw new Error(`Cannot write ${total} bytes: only ${bytesWritten} had room`);
  if (!syncsOnWrite) await file.datasync();
  return total;
}

/** Makes creations and removals in a folder durable. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
