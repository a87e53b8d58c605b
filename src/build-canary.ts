import { workflowConfig } from "./config.ts";
import { PermanentError } from "./model/errors.ts";
import type { Base, CollectorParts } from "./parts.ts";
import { createCanary } from "./watch/canary.ts";
import type { WatchLoop } from "./watch/watch.ts";
import type { Canary } from "./web/ports.ts";

/** Builds the canary: what it keeps is cleaned by the collector's redactor, and its answers become runs there. */
export function buildCanary(
  base: Base,
  { ingest, redactor }: CollectorParts,
  watch: Pick<WatchLoop, "resolve">,
): Canary {
  const { config, journal, clock } = base;
  return createCanary({
    journal,
    clock,
    budget: { falseAlarmsPer1000WorkflowDays: config.false_alarms_per_1000_workflow_days },
    rulesOf: (workflow) => workflowConfig(config, workflow).compare,
    resolve: (incidentId, act) => void watch.resolve(incidentId, act),
    clean: (value, root) => redactor.value(value, root).value,
    async keep(runs) {
      const answers = await ingest.runs(Buffer.from(JSON.stringify(runs)));
      const refused = answers.find((answer) => answer.status === "rejected");
      if (refused?.status === "rejected") throw new PermanentError(refused.error);
    },
  });
}
