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
  const last = journal.meta.get(lastKey);
  // The first week is the one that begins now.
  if (last === null) {
    journal.meta.set(lastKey, String(toMs));
    return;
  }
  if (!digestIsDue(toMs, Number(last), config.digest, config.quiet_hours?.timezone ?? "UTC")) return;
  const fromMs = toMs - 7 * dayMs;
  const lines: Digest["lines"] = [];
  for (const { workflow } of await store.readWorkflows()) {
    const { owner, reads, writes } = workflowConfig(config, workflow);
    const of = { workflow, owner, dataMap: { reads, writes }, fromMs, toMs };
    const figures = await gatherReport({ store, journal }, of);
    lines.push({ workflow, text: renderDigestLine(figures) });
  }
  journal.transaction(() => {
    if (lines.length > 0) alerts.digest({ fromMs, toMs, lines });
    journal.meta.set(lastKey, String(toMs));
  });
}
