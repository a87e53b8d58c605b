import { minuteMs } from "../model/clock.ts";
import type { Problem } from "./ledger.ts";

/** What the sidecar knows of its own state. */
export interface SelfFacts {
  nowMs: number;
  /** Since when the store has refused to take rows, null while it takes them. */
  storeTroubleSinceMs: number | null;
  /** When a detection sweep last succeeded, null before the first. */
  lastSweepMs: number | null;
  /** Up to when minutes have been judged, null before the first sweep. */
  judgedThroughMs: number | null;
  /** How much of the spool's limit is used, 0 to 1. */
  spoolShare: number;
  /** How much of the disk with the data folder is free. */
  disk: { freeBytes: number; totalBytes: number };
}

const storeTroubleMs = 2 * minuteMs;
const sweepSilenceMs = 10 * minuteMs;
/** Clocks are put right by less all the time. */
const clockBackMs = 5 * minuteMs;
const spoolShareMax = 0.8;
const diskShareMin = 0.05;
const gib = 1024 ** 3;
const diskBytesMin = gib;

/** Every trouble that the sidecar can have, and whether it has it now. Give them to `Ledger.problem`. */
export function selfProblems({
  nowMs,
  storeTroubleSinceMs,
  lastSweepMs,
  judgedThroughMs,
  spoolShare,
  disk,
}: SelfFacts): Problem[] {
  const storeFor = storeTroubleSinceMs === null ? 0 : nowMs - storeTroubleSinceMs;
  const sweepFor = lastSweepMs === null ? 0 : nowMs - lastSweepMs;
  const judgedMs = judgedThroughMs ?? nowMs;
  const diskIsLow = disk.freeBytes < Math.min(diskBytesMin, diskShareMin * disk.totalBytes);
  return [
    problem("store", storeFor >= storeTroubleMs, {
      begins: `ClickHouse has taken no rows for ${minutes(storeFor)}. Runs wait in the spool; nothing is judged meanwhile`,
      ends: "ClickHouse takes rows again",
    }),
    problem("sweep", sweepFor >= sweepSilenceMs, {
      begins: `No detection sweep has succeeded for ${minutes(sweepFor)}: nobody is watching the workflows`,
      ends: "Detection works again",
    }),
    problem("clock", judgedMs - nowMs >= clockBackMs, {
      begins: `The clock has been set back: everything up to ${new Date(judgedMs).toISOString()} counts as judged already, and detection goes on only then`,
      ends: "The clock has passed what was judged before it was set back",
    }),
    problem("spool", spoolShare >= spoolShareMax, {
      begins: `The spool is ${Math.round(spoolShare * 100)} % full. Past its limit, runs are refused with 503`,
      ends: "The spool has room again",
    }),
    problem("disk", diskIsLow, {
      begins: `The disk of the data folder has ${(disk.freeBytes / gib).toFixed(1)} GiB left. Past that, runs are refused`,
      ends: "The disk has room again",
    }),
  ];
}

function problem(
  problemId: string,
  isThere: boolean,
  { begins, ends }: { begins: string; ends: string },
): Problem {
  return { problemId, text: isThere ? begins : ends, solved: !isThere };
}

function minutes(ms: number): string {
  return `${Math.round(ms / minuteMs)} minutes`;
}
