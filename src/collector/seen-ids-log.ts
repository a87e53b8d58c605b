/**
 * Fingerprints of what has left the spool, so that a retry is recognised after a restart.
 *
 *   seen-<n>.ids   fingerprints, 8 bytes each, oldest first; a torn last one is overwritten
 *
 * Two files at most: when the newer holds half of what is to be remembered, a third begins and the oldest goes.
 * A flipped bit costs one fingerprint, which is why there is no checksum.
 */
import { type FileHandle, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { claimBytes } from "./segment-format.ts";

/** The log of one spool. */
export interface SeenIdsLog {
  /** Appends fingerprints and syncs them. Calls may overlap. */
  append(fingerprints: Buffer): Promise<void>;
  close(): Promise<void>;
}

const pattern = /^seen-(\d{8})\.ids$/;

/** Opens the log, and hands what it holds to `restore`, oldest first. */
export async function openSeenIdsLog(
  dir: string,
  idsMax: number,
  restore: (fingerprints: Buffer) => void,
): Promise<SeenIdsLog> {
  const numbers = (await readdir(dir))
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  let size = 0;
  for (const number of numbers) {
    const bytes = await readFile(join(dir, fileName(number)));
    size = bytes.length - (bytes.length % claimBytes);
    restore(bytes.subarray(0, size));
  }
  let newest = numbers.at(-1) ?? 1;
  let file: FileHandle = await open(join(dir, fileName(newest)), numbers.length === 0 ? "w" : "r+");

  let last: Promise<void> = Promise.resolve();

  async function write(fingerprints: Buffer): Promise<void> {
    if (size >= (idsMax / 2) * claimBytes) {
      const next = await open(join(dir, fileName(newest + 1)), "w");
      await file.close();
      file = next;
      newest++;
      size = 0;
      await rm(join(dir, fileName(newest - 2)), { force: true });
    }
    await file.write(fingerprints, 0, fingerprints.length, size);
    await file.datasync();
    size += fingerprints.length;
  }

  return {
    append(fingerprints) {
      if (fingerprints.length === 0) return Promise.resolve();
      const writing = last.then(() => write(fingerprints));
      last = writing.catch(() => undefined);
      return writing;
    },
    close: () => file.close(),
  };
}

function fileName(number: number): string {
  return `seen-${String(number).padStart(8, "0")}.ids`;
}
