/**
 * Runs that are acknowledged and wait for the root of their trace, so that a crash does not lose them.
 *
 *   pending-<n>.log   lines, oldest first: CRC-32 of what follows as 8 hex digits, a blank, `HeldRun` as JSON
 *
 * A new file begins every few seconds; a file goes once everything in it has become rows. What became a run before a
 * crash and is still in a file is known by its claim, so that it does no harm there.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { TransientError } from "../model/errors.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { HeldRun, PendingLog } from "./ports.ts";
import { type AppendFile, createAppendFile } from "./segment-file.ts";

/** What `openPendingLog` needs. */
export interface PendingLogOptions {
  dir: string;
  /** Takes the number of damaged lines. What they held cannot be told. */
  onDamage: (lines: number) => void;
}

/** A file takes lines for so long: what is in it longer is claimed among ever more ids, of which the oldest are forgotten. */
const fileAgeMsMax = 5_000;

interface Held {
  sinceMs: number;
  line: Buffer;
}

interface LogFile {
  path: string;
  /** Times of its oldest and its newest line. */
  firstMs: number;
  lastMs: number;
}

interface OpenFile extends LogFile {
  file: AppendFile;
}

/** Opens the log in a spool's folder. The spool's lock keeps other processes out. */
export async function openPendingLog({ dir, onDamage }: PendingLogOptions): Promise<PendingLog> {
  const { files, restored, lastNumber } = await readFiles(dir, onDamage);
  let number = lastNumber;
  let current: OpenFile | null = null;
  let forgottenMs = -Infinity;

  async function fileFor(nowMs: number): Promise<OpenFile> {
    if (current !== null && nowMs - current.firstMs < fileAgeMsMax) return current;
    await closeCurrent();
    number++;
    const path = join(dir, `pending-${String(number).padStart(8, "0")}.log`);
    current = { path, firstMs: nowMs, lastMs: nowMs, file: await createAppendFile(path) };
    files.push(current);
    return current;
  }

  async function closeCurrent(): Promise<void> {
    const closing = current;
    current = null;
    await closing?.file.close();
  }

  async function removeOld(): Promise<void> {
    for (const file of files.filter(({ lastMs }) => lastMs < forgottenMs)) {
      if (file === current) await closeCurrent();
      await rm(file.path, { force: true });
      files.splice(files.indexOf(file), 1);
    }
  }

  const commits = createGroupCommit<Held>({
    async commit(group) {
      if (group.length === 0) return;
      const lastMs = latestOf(group);
      const target = await fileFor(lastMs);
      await target.file.append(group.map(({ line }) => line));
      target.lastMs = Math.max(target.lastMs, lastMs);
    },
    // A file that cannot be removed now is tried again, and does no harm until then.
    afterwards: () => removeOld().catch(() => undefined),
  });

  return {
    restored,
    async append(held) {
      try {
        await Promise.all(held.map((one) => commits.add({ sinceMs: one.sinceMs, line: encodeLine(one) })));
        return null;
      } catch (cause) {
        return new TransientError("Cannot hold runs: the disk refused them", { cause });
      }
    },
    forget(beforeMs) {
      forgottenMs = beforeMs;
      if (files.some(({ lastMs }) => lastMs < beforeMs)) commits.nudge();
    },
    async close() {
      await commits.idle();
      await closeCurrent();
    },
  };
}

async function readFiles(
  dir: string,
  onDamage: PendingLogOptions["onDamage"],
): Promise<{ files: LogFile[]; restored: HeldRun[]; lastNumber: number }> {
  const names = (await readdir(dir)).filter((name) => /^pending-\d{8}\.log$/.test(name)).sort();
  const files: LogFile[] = [];
  const restored: HeldRun[] = [];
  for (const name of names) {
    const path = join(dir, name);
    const { held, damaged } = readLines(await readFile(path, "latin1"));
    if (damaged > 0) onDamage(damaged);
    for (const one of held) restored.push(one);
    files.push({ path, firstMs: 0, lastMs: latestOf(held) });
  }
  return { files, restored, lastNumber: Number(names.at(-1)?.slice(8, 16) ?? 0) };
}

/** As a loop: a flood puts more lines into a file than a call takes arguments. */
function latestOf(held: readonly { sinceMs: number }[]): number {
  return held.reduce((latest, { sinceMs }) => Math.max(latest, sinceMs), Number.NEGATIVE_INFINITY);
}

function encodeLine(held: HeldRun): Buffer {
  const json = JSON.stringify(held);
  return Buffer.from(`${checksum(json)} ${json}\n`);
}

function checksum(bytes: string | Buffer): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

/** The good lines. A last one without its end was never acknowledged: it is no damage. */
function readLines(text: string): { held: HeldRun[]; damaged: number } {
  const lines = text.split("\n");
  lines.pop();
  const held: HeldRun[] = [];
  for (const line of lines) {
    const json = Buffer.from(line.slice(9), "latin1");
    if (line.slice(0, 8) === checksum(json)) held.push(JSON.parse(json.toString()) as HeldRun);
  }
  return { held, damaged: lines.length - held.length };
}
