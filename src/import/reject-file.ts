import { readFileSync, writeFileSync, appendFileSync } from "node:fs";
import { faultCode, PermanentError } from "../model/errors.ts";

/** A list of what was not imported: one `{"line", "why"}` on each line, no values. */
export interface RejectFile {
  add(line: number, why: string): void;
}

/**
 * Opens the list for an import that begins after a line. What an earlier one wrote up to there stays, what it wrote later
 * comes again.
 *
 * @throws {PermanentError} If the file cannot be written.
 */
export function openRejectFile(path: string, afterLine: number): RejectFile {
  const write = (work: () => void) => {
    try {
      work();
    } catch (cause) {
      throw new PermanentError(`Cannot write '${path}': ${faultCode(cause)}`, { cause });
    }
  };
  const kept = afterLine === 0 ? [] : linesOf(path).filter((entry) => lineOf(entry) <= afterLine);
  write(() => writeFileSync(path, kept.map((entry) => `${entry}\n`).join("")));
  return { add: (line, why) => write(() => appendFileSync(path, `${JSON.stringify({ line, why })}\n`)) };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((entry) => entry !== "");
  } catch {
    // There is none yet.
    return [];
  }
}

/** An entry that a crash cut off comes again. */
function lineOf(entry: string): number {
  try {
    const { line } = JSON.parse(entry) as { line?: unknown };
    return typeof line === "number" ? line : Infinity;
  } catch {
    return Infinity;
  }
}
