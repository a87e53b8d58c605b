import { minuteMs } from "../model/clock.ts";
import type { DriftingSignal, Incident } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import { signalId } from "../model/signal.ts";
import { analyseCause } from "./analyse-cause.ts";
import { derivedId } from "./ids.ts";
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
  const active = signals.filter((one) => one.recoveredAtMs === null);
  // An incident is no evidence against its own version.
  const earlier = sweep.known.filter(({ incidentId }) => incidentId !== incident.incidentId);
  const cause = analyseCause(active, sweep.changes, sweep.evidence, earlier);
  return withLead({
    ...incident,
    owner: sweep.owner,
    signals,
    updatedAtMs: sweep.nowMs,
    // A drift that joins later, or comes back, began after people were first told: it does not move the beginning.
    onsetMs: Math.min(incident.onsetMs, fresh.drift.onset.atMs),
    cause: {
      ...cause,
      slice: cause.slice ?? incident.cause.slice,
      lastGoodVersion: cause.lastGoodVersion || incident.cause.lastGoodVersion,
    },
  });
}
