import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
let isFresh = false;

/**
 * The built command.
 *
 * @throws {Error} If it was built from older sources than there are: a test would speak of what is no more.
 */
export function builtBin(): string {
  isFresh ||= checkBuilt(root);
  return join(root, "bin/evenkeel");
}

/** @throws {Error} If one of the two packages has a source that is newer than all that was built of it. */
export function checkBuilt(folder: string): true {
  for (const name of ["", "sdk/"]) {
    const builtMs = newestMs(join(folder, name, "dist"), /\.js$/);
    if (builtMs < newestMs(join(folder, name, "src"), /\.tsx?$/))
      throw new Error(`Cannot test the command: ${name}dist/ is older than ${name}src/, run npm run build`);
  }
  return true;
}

/** When the newest file of a kind was written; 0 where there is none. */
function newestMs(folder: string, kind: RegExp): number {
  let newest = 0;
  if (!existsSync(folder)) return 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !kind.test(entry.name)) continue;
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}
