import { statfs } from "node:fs/promises";
import { selfProblems } from "./alerts/self-problems.ts";
import { catalogueProblems } from "./build-catalogues.ts";
import type { Parts } from "./parts.ts";
import { setAsideProblem } from "./set-aside.ts";

/** Tells people of the sidecar's own troubles: a store that takes nothing, a full disk, a sweep that fails. */
export async function tellTroubles({
  config,
  clock,
  spool,
  writer,
  watch,
  alerts,
  catalogues,
}: Parts): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(config.data);
  const nowMs = clock.nowMs();
  const sinceSweepMs = watch.sinceSweepMs();
  const problems = selfProblems({
    nowMs,
    storeTroubleSinceMs: writer()?.trouble()?.sinceMs ?? null,
    // In real time, whatever clock the data runs on.
    lastSweepMs: sinceSweepMs === null ? null : nowMs - sinceSweepMs,
    judgedThroughMs: watch.judgedThroughMs(),
    spoolShare: spool.size().bytes / config.limits.spool_bytes_max,
    disk: { freeBytes: bavail * bsize, totalBytes: blocks * bsize },
  });
  const others = [...catalogueProblems(catalogues), await setAsideProblem(config.data)];
  for (const problem of [...problems, ...others]) alerts.problem(problem);
}
