import type { Journal } from "../journal/port.ts";
import { type Clock, minuteMs } from "../model/clock.ts";
import { ownActor } from "../model/own-actor.ts";
import { type SignalBucket, total } from "../model/signal.ts";
import { plural } from "../model/plural.ts";
import { judgeTrial } from "./judge-trial.ts";
import type { Ledger, PauseOrder } from "./ledger.ts";

/** The resuming of workflows on trial ("half-open"): some runs go through, then they are looked at. */
export interface Trials {
  /**
   * Resumes a paused workflow on trial. Once at least `runs` runs have come, they are judged: good ones end the
   * trial, bad ones pause the workflow again, and while they do not say, as many again go through, three times at
   * most. False if the workflow is not paused.
   */
  start(order: PauseOrder & { runs: number }): boolean;
  /** Judges the trials that have had their runs. Call it every few seconds. */
  check(): Promise<void>;
}

export interface TrialsDeps {
  journal: Journal;
  ledger: Pick<Ledger, "pauseWorkflow" | "resumeWorkflow">;
  clock: Clock;
  /** Signal buckets of a workflow, from the store. */
  readBuckets(query: {
    workflow: string;
    fromMs: number;
    toMs: number;
    stepMs: number;
  }): Promise<SignalBucket[]>;
  /** Everything accepted before this is in the store. */
  storedThroughMs(): number;
}

interface Trial {
  incidentId: string;
  /** Minutes from here on belong to the trial. */
  fromMs: number;
  runs: number;
}

const roundsMax = 3;

/** Creates the trials; those under way are in the journal. */
export function createTrials(deps: TrialsDeps): Trials {
  const { journal, ledger, clock } = deps;
  return {
    start({ runs, ...order }) {
      const { workflow } = order;
      const pause = journal.pauses.get(workflow);
      return journal.transaction(() => {
        const reason = `${order.reason} (on trial for ${runs} ${plural(runs, "run")})`.trimStart();
        if (!ledger.resumeWorkflow({ ...order, incidentId: pause.incidentId, reason })) return false;
        // Runs are counted by the minute; the one that is under way belongs to the pause.
        const fromMs = (Math.floor(clock.nowMs() / minuteMs) + 1) * minuteMs;
        save(journal, workflow, { incidentId: pause.incidentId, fromMs, runs });
        return true;
      });
    },
    async check() {
      for (const { workflow, state } of journal.pauses.all()) {
        const trial = read(journal, workflow);
        if (trial === null) continue;
        // A person, or another incident, has paused it meanwhile.
        if (state === "paused") save(journal, workflow, null);
        else await judge(deps, workflow, trial);
      }
    },
  };
}

async function judge(deps: TrialsDeps, workflow: string, trial: Trial): Promise<void> {
  const { journal, ledger, clock } = deps;
  const toMs = Math.floor(deps.storedThroughMs() / minuteMs) * minuteMs;
  if (toMs <= trial.fromMs) return;
  const buckets = await deps.readBuckets({ workflow, fromMs: trial.fromMs, toMs, stepMs: minuteMs });
  const runs = buckets.reduce((sum, { kind, counts }) => sum + (kind === "volume" ? total(counts) : 0), 0);
  if (runs < trial.runs) return;
  const verdict = judgeTrial(journal.incidents.get(trial.incidentId)?.signals ?? [], buckets);
  if (verdict.kind === "undecided" && runs < roundsMax * trial.runs) return;
  journal.transaction(() => {
    save(journal, workflow, null);
    if (verdict.kind === "bad") {
      const reason = `The trial of ${runs} ${plural(runs, "run")} failed: ${verdict.reason}`;
      ledger.pauseWorkflow({ workflow, actor: ownActor, reason, incidentId: trial.incidentId });
      return;
    }
    const detail =
      verdict.kind === "good"
        ? `${runs} ${plural(runs, "run")}, all well`
        : `${runs} ${plural(runs, "run")}, nothing found against them`;
    journal.audit.append({
      atMs: clock.nowMs(),
      actor: ownActor,
      action: "trial passed",
      workflow,
      detail,
    });
  });
}

function read(journal: Journal, workflow: string): Trial | null {
  const text = journal.meta.get(`trial ${workflow}`);
  return text === null || text === "" ? null : (JSON.parse(text) as Trial);
}

function save(journal: Journal, workflow: string, trial: Trial | null): void {
  journal.meta.set(`trial ${workflow}`, trial === null ? "" : JSON.stringify(trial));
}
