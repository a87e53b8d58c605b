import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Where the start of a run leaves for its tests what is wrong with the built command. */
const faultVariable = "TEST_BUILT_FAULT";

/** Looks once, at the start of a run: sources that are changed while it goes on are the next run's. */
export default function setup(): void {
  process.env[faultVariable] = builtFault(root);
}

/**
 * The built command.
 *
 * @throws {Error} If it was built from older sources than there were: a test would speak of what is no more.
 */
export function builtBin(): string {
  const fault = process.env[faultVariable] ?? "";
  if (fault !== "") throw new Error(fault);
  return join(root, "bin/evenkeel");
}

/** Says which of the two packages has a source that is newer than all that was built of it; "" for none. */
export function builtFault(folder: string): string {
  for (const name of ["", "sdk/"]) {
    const builtMs = newestMs(join(folder, name, "dist"), /\.js$/);
    if (builtMs < newestMs(join(folder, name, "src"), /\.tsx?$/))
      return `Cannot test the command: ${name}dist/ is older than ${name}src/, run npm run build`;
  }
  return "";
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
