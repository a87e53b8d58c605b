import { createHash } from "node:crypto";

/** A short id that depends on its parts alone, so that a replay after a crash makes the same one. */
export function derivedId(prefix: string, ...parts: readonly (string | number)[]): string {
  return `${prefix}_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)}`;
}
