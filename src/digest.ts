import { digestIsDue } from "./alerts/digest-time.ts";
import type { Digest } from "./alerts/notice.ts";
import { workflowConfig } from "./config.ts";
import { dayMs } from "./model/clock.ts";
import type { Parts } from "./parts.ts";
import { gatherReport } from "./review/gather-report.ts";
import { renderDigestLine } from "./review/render-report.ts";

const lastKey = "digest last";

/** Tells people once a week how every workflow fared, if the configuration names a day for it. */
export async function tellDigest({ config, clock, store, journal, alerts }: Parts): Promise<void> {
  if (config.digest === "") return;
  const toMs = clock.nowMs();
  const lastMs = Number(journal.meta.get(lastKey) ?? Infinity);
  // The first week is the one that begins now; so it is once a clock that was ahead has been set right.
  if (lastMs > toMs) {
    journal.meta.set(lastKey, String(toMs));
    return;
  }
  if (!digestIsDue(toMs, lastMs, config.digest, config.quiet_hours?.timezone ?? "UTC")) return;
  const fromMs = toMs - 7 * dayMs;
  const found: { incidents: number; runs: number; line: Digest["lines"][number] }[] = [];
  for (const { workflow } of await store.readWorkflows()) {
    const { owner, reads, writes } = workflowConfig(config, workflow);
    const of = { workflow, owner, dataMap: { reads, writes }, fromMs, toMs };
    const figures = await gatherReport({ store, journal }, of);
    const line = { workflow, text: renderDigestLine(figures) };
    found.push({ incidents: figures.incidents.length, runs: figures.now.runs, line });
  }
  // A message has no room for all of very many.
  found.sort((a, b) => b.incidents - a.incidents || b.runs - a.runs);
  const lines = found.map(({ line }) => line);
  journal.transaction(() => {
    if (lines.length > 0) alerts.digest({ fromMs, toMs, lines });
    journal.meta.set(lastKey, String(toMs));
  });
}
