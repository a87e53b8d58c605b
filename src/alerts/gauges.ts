import type { Journal } from "../journal/port.ts";
import type { GaugeLike } from "../model/meters.ts";
import type { AlertSettings } from "./settings.ts";

/** The gauges that show what the journal holds; `src/metrics.ts` has them. */
export interface JournalGauges {
  workflowPaused: GaugeLike<"workflow">;
  workflowInfo: GaugeLike<"workflow" | "owner">;
  incidents: GaugeLike<"workflow" | "state">;
  outboxMessages: GaugeLike<"channel" | "state">;
  /** Registers quick work to be done before each scrape. */
  beforeScrape(work: () => void): void;
}

const unresolved = ["open", "acknowledged", "snoozed"] as const;
const incidentsMax = 10_000;

/** Keeps the gauges true to the journal at every scrape. */
export function showJournal(journal: Journal, settings: AlertSettings, gauges: JournalGauges): void {
  showOwners(settings, gauges);
  // A workflow without incidents any more still shows its zeros.
  const seen = new Set<string>();
  gauges.beforeScrape(() => {
    for (const { workflow, state } of journal.pauses.all())
      gauges.workflowPaused.set({ workflow }, state === "paused" ? 1 : 0);
    const incidents = journal.incidents.list({ states: unresolved, limit: incidentsMax });
    for (const { workflow } of incidents) seen.add(workflow);
    for (const workflow of seen)
      for (const state of unresolved) {
        const count = incidents.filter((one) => one.workflow === workflow && one.state === state).length;
        gauges.incidents.set({ workflow, state }, count);
      }
    const counts = journal.outbox.counts();
    for (const channel of new Set(counts.map((count) => count.channel)))
      for (const state of ["pending", "dead"] as const) {
        const count = counts.find((one) => one.channel === channel && one.state === state);
        gauges.outboxMessages.set({ channel, state }, count?.messages ?? 0);
      }
  });
}

/** The owner of each configured workflow; owners and workflows come and go with the configuration. */
function showOwners(settings: AlertSettings, gauges: JournalGauges): void {
  const shown = new Map<string, string>();
  gauges.beforeScrape(() => {
    for (const [workflow, owner] of shown) {
      if (settings.workflows[workflow]?.owner === owner) continue;
      gauges.workflowInfo.remove({ workflow, owner: owner || "nobody" });
      shown.delete(workflow);
    }
    for (const [workflow, { owner }] of Object.entries(settings.workflows)) {
      gauges.workflowInfo.set({ workflow, owner: owner || "nobody" }, 1);
      shown.set(workflow, owner);
    }
  });
}
