import { minuteMs } from "../model/clock.ts";
import type { Cause, ChangeEvent, DriftingSignal, Incident } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import { signalId } from "../model/signal.ts";
import { analyseCause } from "./analyse-cause.ts";
import { derivedId } from "./ids.ts";
import { changesNear } from "./relate.ts";
import type { Sweep } from "./sweep.ts";
import { withLead } from "./with-lead.ts";

/** Opens an incident for a drift that belongs to none. Its id follows from signal and minute of detection. */
export function openIncident(fresh: DriftingSignal, sweep: Sweep): Incident {
  const minute = Math.floor(fresh.detectedAtMs / minuteMs);
  const base: Incident = {
    incidentId: derivedId("inc", sweep.workflow, signalId(fresh.signal), minute),
    workflow: sweep.workflow,
    owner: sweep.owner,
    state: "open",
    severity: "warning",
    openedAtMs: sweep.nowMs,
    updatedAtMs: sweep.nowMs,
    resolvedAtMs: null,
    snoozedUntilMs: null,
    onsetMs: fresh.drift.onset.atMs,
    signals: [],
    cause: analyseCause([fresh], sweep.changes, sweep.evidence, sweep.known),
    exampleRunIds: [],
    baselineRunIds: [],
    title: fresh.sentence,
    pausedWorkflow: false,
    stateActor: ownActor,
    notifiedAtMs: sweep.nowMs,
  };
  return withSignal(base, fresh, sweep);
}

/** Adds a signal and looks at the cause again. Evidence that was gathered before is kept where none is new. */
export function withSignal(incident: Incident, fresh: DriftingSignal, sweep: Sweep): Incident {
  const others = incident.signals.filter((one) => signalId(one.signal) !== signalId(fresh.signal));
  const signals = [...others, fresh].sort((a, b) => a.drift.onset.atMs - b.drift.onset.atMs);
  return withLead({
    ...incident,
    owner: sweep.owner,
    signals,
    updatedAtMs: sweep.nowMs,
    // A drift that joins later, or comes back, began after people were first told: it does not move the beginning.
    onsetMs: Math.min(incident.onsetMs, fresh.drift.onset.atMs),
    cause: causeOf({ ...incident, signals }, sweep),
  });
}

/**
 * Looks again at the cause of an incident that names no change, where a look that comes seldom (a canary's round) has seen one
 * since it opened that may have begun it.
 */
export function lookAgain(incident: Incident, sweep: Sweep): Incident {
  if (incident.state === "resolved" || incident.cause.change !== null) return incident;
  const [first] = activeOf(incident);
  const isLate = ({ afterMs, atMs }: ChangeEvent) => afterMs !== undefined && atMs > incident.openedAtMs;
  if (first === undefined || !changesNear(first, sweep.changes).some(isLate)) return incident;
  const { nowMs } = sweep;
  return { ...incident, updatedAtMs: nowMs, notifiedAtMs: nowMs, cause: causeOf(incident, sweep) };
}

function causeOf(incident: Incident, sweep: Sweep): Cause {
  // An incident is no evidence against its own version.
  const others = sweep.known.filter(({ incidentId }) => incidentId !== incident.incidentId);
  const { cause: earlier } = incident;
  const cause = analyseCause(activeOf(incident), sweep.changes, sweep.evidence, others, earlier);
  return { ...cause, lastGoodVersion: cause.lastGoodVersion || earlier.lastGoodVersion };
}

/** The signals that still drift, in order of onset. */
function activeOf({ signals }: Incident): DriftingSignal[] {
  return signals
    .filter((one) => one.recoveredAtMs === null)
    .sort((a, b) => a.drift.onset.atMs - b.drift.onset.atMs);
}
