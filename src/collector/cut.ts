import { createHash } from "node:crypto";

/** Limits on what is kept of one value, so that any input costs a bounded amount of work and disk. */
export interface Caps {
  /** Longest text kept, in UTF-8 bytes; the rest is cut. */
  fieldBytesMax: number;
  /** Objects and lists nested deeper are replaced by a note. */
  depthMax: number;
  /** Members and items kept of one value, all levels together. */
  nodesMax: number;
  /** Steps kept of one run. */
  stepsMax: number;
}

export const defaultCaps: Caps = { fieldBytesMax: 64 * 1024, depthMax: 12, nodesMax: 10_000, stepsMax: 500 };

/** A text past its cap, cut. The note at the end holds the size and the hash of what was there. */
export function cutText(text: string, clean: string, bytesMax: number): string {
  const bytes = Buffer.byteLength(text);
  const hash = createHash("sha256").update(text).digest("hex");
  // A character is at most three bytes of UTF-8 per UTF-16 unit, so this stays within the cap for any script.
  const head = Buffer.from(clean)
    .subarray(0, bytesMax)
    .toString("utf8")
    .replace(/\ufffd$/, "");
  return `${head}…[cut: ${bytes} bytes, sha256 ${hash}]`;
}

/** Tells whether a text is longer than its cap. Looks at the bytes only where the characters leave it open. */
export function isOverCap(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
