import { compareBatches } from "../detectors/compare.ts";
import { explain } from "../detectors/explain.ts";
import { applyCommand, type IncidentCommand } from "../incidents/apply-command.ts";
import { versionStanding } from "../incidents/last-good.ts";
import type { Incident } from "../model/incident.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { Act, BaselineOutcome, BaselineRequest, Watch } from "../web/ports.ts";
import { learnFrom, pinBaseline } from "./learning.ts";
import type { WatchDeps } from "./ports.ts";
import { verdictsOf } from "./sweep.ts";
import { forget, recall, type Watched } from "./watched.ts";

/** What people may see and ask of the watch. */
export type WatchActions = Pick<
  Watch,
  "signals" | "explain" | "compare" | "versionStanding" | "acknowledge" | "snooze" | "resolve" | "baseline"
> & {
  /** Workflows that runs were seen of, with the arrival of the latest. */
  seen(): { workflow: string; lastRunAtMs: number | null }[];
};

/** Creates the actions over the watched workflows. */
export function createActions(deps: WatchDeps, workflows: Map<string, Watched>): WatchActions {
  const command = (incidentId: string, asked: IncidentCommand): Incident | null => {
    const incident = deps.journal.incidents.get(incidentId);
    return incident === null ? null : applyTo(deps, incident, asked);
  };
  return {
    seen: () => [...workflows.values()].map(({ workflow, lastRunAtMs }) => ({ workflow, lastRunAtMs })),
    signals: (workflow) => verdictsOf(deps, { workflow, verdicts: workflows.get(workflow)?.verdicts ?? [] }),
    explain: (judged) => explain({ ...judged, runsOn: deps.runsOn(judged.signal) }),
    compare: compareBatches,
    versionStanding: (workflow, periods) =>
      versionStanding(periods, deps.journal.incidents.list({ workflow, limit: 200 })),
    acknowledge: (id, { actor, reason }) => command(id, { kind: "acknowledge", actor, note: reason }),
    snooze: (id, { actor, reason }, untilMs) => command(id, { kind: "snooze", actor, note: reason, untilMs }),
    resolve: (id, { actor, reason }) => command(id, { kind: "resolve", actor, note: reason }),
    async baseline(workflow, act, request) {
      const watched = workflows.get(workflow) ?? recall(deps.journal, workflow, deps.storedThroughMs());
      const outcome = await rebase(deps, watched, act, request);
      if (outcome.kind !== "refused") closeIncidents(deps, workflow, act, request);
      return outcome;
    },
  };
}

/** Applies a command; one that does not fit the incident's state leaves it as it is. */
function applyTo(deps: WatchDeps, incident: Incident, command: IncidentCommand): Incident {
  const result = applyCommand(incident, command, deps.clock.nowMs());
  if (result.kind === "refused") return incident;
  deps.ledger.record({ incidents: [result.incident], events: [result.event] });
  return result.incident;
}

async function rebase(
  deps: WatchDeps,
  watched: Watched,
  act: Act,
  request: BaselineRequest,
): Promise<BaselineOutcome> {
  const nowMs = deps.clock.nowMs();
  switch (request.action) {
    case "relearn":
      return startOver(deps, watched, act, nowMs, nowMs);
    case "accept": {
      const onsets = watched.verdicts.flatMap(({ verdict }: SignalVerdict) =>
        verdict.kind === "drift" ? [verdict.onset.atMs] : [],
      );
      if (onsets.length === 0)
        return { kind: "refused", why: "Nothing drifts, so there is nothing to accept." };
      const fromMs = Math.min(...onsets);
      const options = { runsMin: deps.baselineRunsMin, pinned: false };
      const baseline = await learnFrom(
        deps.store,
        watched.workflow,
        { fromMs, toMs: watched.throughMs },
        options,
      );
      if (baseline === null) return startOver(deps, watched, act, fromMs, nowMs);
      const reason = act.reason === "" ? "accepted as the new normal" : act.reason;
      return {
        kind: "pinned",
        baseline: pinBaseline(deps.journal, watched, baseline, { ...act, reason, nowMs }),
      };
    }
    case "pin":
      return pinSpan(deps, watched, act, request, nowMs);
  }
}

async function pinSpan(
  deps: WatchDeps,
  watched: Watched,
  act: Act,
  request: Extract<BaselineRequest, { action: "pin" }>,
  nowMs: number,
): Promise<BaselineOutcome> {
  const span = { fromMs: request.fromMs ?? 0, toMs: Math.min(request.toMs ?? nowMs, watched.throughMs) };
  if (request.fromMs === null && request.version === null) {
    return { kind: "refused", why: "A baseline is pinned from a date or from a version; neither was given." };
  }
  const version = request.version === null ? {} : { version: request.version };
  const options = { runsMin: deps.baselineRunsMin, pinned: true, ...version };
  const baseline = await learnFrom(deps.store, watched.workflow, span, options);
  if (baseline === null) {
    return { kind: "refused", why: `There are fewer than ${deps.baselineRunsMin} runs in it.` };
  }
  const reason = act.reason === "" ? "pinned" : act.reason;
  return {
    kind: "pinned",
    baseline: pinBaseline(deps.journal, watched, baseline, { ...act, reason, nowMs }),
  };
}

function startOver(
  deps: WatchDeps,
  watched: Watched,
  act: Act,
  learnFromMs: number,
  nowMs: number,
): BaselineOutcome {
  deps.journal.transaction(() => {
    forget(deps.journal, watched, learnFromMs, nowMs);
    const detail = `Baseline is learned afresh from ${new Date(learnFromMs).toISOString()}`;
    deps.journal.audit.append({
      atMs: nowMs,
      actor: act.actor,
      action: "baseline",
      workflow: watched.workflow,
      detail,
    });
  });
  return { kind: "learning", runsMin: deps.baselineRunsMin };
}

/** A new normal ends the incidents of the old one. */
function closeIncidents(
  deps: WatchDeps,
  workflow: string,
  { actor }: Act,
  { action }: BaselineRequest,
): void {
  const open = deps.journal.incidents.list({ workflow, states: ["open", "acknowledged", "snoozed"] });
  for (const incident of open)
    applyTo(deps, incident, { kind: "resolve", actor, note: `baseline: ${action}` });
}
