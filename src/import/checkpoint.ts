import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Remembers how far the import of one file has come. */
export interface Checkpoint {
  /** Records that begin at or before this line are imported; 0 for none. */
  readonly line: number;
  save(line: number): void;
  /** The import is complete: the next one begins at the start, and finds every run known. */
  clear(): void;
}

/**
 * Opens the checkpoint of an import. Files that have changed, another map or another target have their own.
 *
 * @param identity everything that makes this import the same as an earlier one, besides the files.
 */
export function openCheckpoint(
  folder: string,
  files: readonly string[],
  identity: readonly string[],
): Checkpoint {
  const states = files.map((file) => {
    const { size, mtimeMs } = statSync(file);
    return [resolve(file), size, mtimeMs];
  });
  const name = createHash("sha256")
    .update(JSON.stringify([...states, ...identity]))
    .digest("hex")
    .slice(0, 32);
  const path = join(folder, name);
  return {
    line: readLine(path),
    save(line) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${path}.new`, String(line));
      renameSync(`${path}.new`, path);
    },
    clear: () => rmSync(path, { force: true }),
  };
}

function readLine(path: string): number {
  try {
    return Math.max(0, Number(readFileSync(path, "utf8")) || 0);
  } catch {
    // There is none: this import has not begun before.
    return 0;
  }
}
