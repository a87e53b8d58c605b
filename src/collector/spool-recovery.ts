import { existsSync, readdirSync, statSync } from "node:fs";
import { readdir, readFile, rm, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Logger } from "pino";
import { readSegment, segmentHeader, type SegmentRecord } from "./segment-format.ts";
import { quarantine, type QueuedSegment } from "./segment-queue.ts";

const segmentName = /^\d{12}-[0-9a-f]{16}\.seg$/;

/** What `recoverSegments` needs. */
export interface RecoveryOptions {
  dir: string;
  log: Logger;
  /** Takes the fingerprints of the ids that were claimed, oldest first. */
  restore: (fingerprints: Buffer) => void;
  /** Takes the number of damaged spans that were moved to the quarantine folder. */
  onDamage: (spans: number) => void;
  /** Takes the segments that hold something, oldest first. */
  push: (segment: QueuedSegment) => void;
}

/**
 * Reads the segments that an earlier life of the process left behind. The newest, and the newest with records, which may
 * have an empty one behind it, may end in something torn: it was never acknowledged and is cut. Any other damage is copied
 * to the quarantine folder. Segments without a good record are deleted.
 *
 * @returns the number of the newest segment, 0 for none.
 */
export async function recoverSegments(options: RecoveryOptions): Promise<number> {
  const { dir, log, onDamage, push } = options;
  const names = (await readdir(dir)).filter((name) => segmentName.test(name)).sort();
  const open = [names.at(-1), names.findLast((name) => holdsRecords(join(dir, name)))];
  for (const name of names) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    const { records, damaged } = readSegment(bytes);
    const last = damaged.at(-1);
    let end = bytes.length;
    if (open.includes(name) && last?.to === end) {
      damaged.pop();
      end = last.from;
      await truncate(path, end);
      log.info({ segment: name, bytes: last.to - end }, "Cut the torn tail of the spool");
    }
    const added = damaged.length === 0 ? 0 : await quarantine(dir, path, bytes, damaged);
    if (added > 0) onDamage(added);
    if (records.length === 0) await rm(path);
    else push({ id: basename(name, ".seg"), path, bytes: end, ...summarise(records, options.restore) });
  }
  return Number(names.at(-1)?.slice(0, 12) ?? 0);
}

/** Tells whether a folder holds segments that nobody has confirmed. */
export function holdsSegments(dir: string): boolean {
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => segmentName.test(name)) : [];
  return names.some((name) => holdsRecords(join(dir, name)));
}

/** False for a segment that was prepared and never used. */
function holdsRecords(path: string): boolean {
  return statSync(path).size > segmentHeader.length;
}

function summarise(
  records: readonly SegmentRecord[],
  restore: RecoveryOptions["restore"],
): Pick<QueuedSegment, "firstAcceptedMs" | "runs"> {
  let firstAcceptedMs = Infinity;
  let runs = 0;
  for (const { acceptedAtMs, claims, sections } of records) {
    restore(claims);
    firstAcceptedMs = Math.min(firstAcceptedMs, acceptedAtMs);
    for (const { table, rows } of sections) if (table === "runs") runs += rows;
  }
  return { firstAcceptedMs, runs };
}
