/**
 * The incident state machine.
 *
 *   (none)        a signal drifts that no incident holds             → open          opened
 *   open          a related signal drifts                            → open          joined
 *   any unresolved  a change is seen late that may have begun it     → same          explained
 *   open          told long ago and nobody answered                  → open          reminded
 *   any unresolved  the strict parameters for stopping agree         → same          escalated
 *   snoozed       its time is over                                   → open          woken
 *   any unresolved  every signal has recovered                       → resolved      recovered
 *   resolved      one of its signals recovered and drifts again soon → open          reopened
 *
 * People acknowledge, snooze and resolve through `applyCommand`. Invariants: a signal is in at most one unresolved
 * incident; a signal that drifts on in an incident that a person resolved opens no other.
 */
import type { DriftingSignal, Found, Incident, IncidentEvent } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import { type SignalKey, signalId } from "../model/signal.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import { incidentEvent } from "./apply-command.ts";
import { describeChange } from "./describe-change.ts";
import { followVerdicts } from "./follow-verdicts.ts";
import { beganTogether, changesNear } from "./relate.ts";
import { settleIncident } from "./settle-incident.ts";
import type { Sweep } from "./sweep.ts";
import { lookAgain, openIncident, withSignal } from "./with-signal.ts";

/**
 * Moves a workflow's incidents on by one sweep.
 *
 * @returns the incidents that changed, and what people are to be told, in order. The same sweep gives the same
 *   ids again, so that a crash before the commit tells nobody twice.
 */
export function advanceIncidents(sweep: Sweep): { incidents: Incident[]; events: IncidentEvent[] } {
  const events: IncidentEvent[] = [];
  const incidents = sweep.known.map((known) => {
    const followed = followVerdicts(known, sweep);
    const incident = lookAgain(followed, sweep);
    const { change } = incident.cause;
    if (incident !== followed && change !== null)
      events.push(incidentEvent(incident, "explained", sweep.nowMs, ownActor, `${describeChange(change)}.`));
    return incident;
  });
  for (const fresh of drifting(sweep, freshDrifts(sweep))) place(fresh, incidents, sweep, events);
  const settled = incidents.map((incident) => {
    const { incident: changed, told } = settleIncident(incident, sweep);
    // One message says all of a new incident, its severity included.
    const isNew = events.some(
      ({ kind, incident: { incidentId } }) => kind === "opened" && incidentId === incident.incidentId,
    );
    if (told !== null && !(isNew && told === "escalated"))
      events.push(incidentEvent(changed, told, sweep.nowMs, ownActor, ""));
    return changed;
  });
  return {
    incidents: settled.filter((incident, i) => incident !== sweep.known[i]),
    // The last word on an incident goes into each of its events.
    events: events.map((event) => ({
      ...event,
      incident:
        settled.find((incident) => incident.incidentId === event.incident.incidentId) ?? event.incident,
    })),
  };
}

/**
 * The drifts that no incident holds yet, or that recovered and came back: gather evidence for these before
 * `advanceIncidents`.
 */
export function freshDrifts({ known, verdicts }: Pick<Sweep, "known" | "verdicts">): SignalVerdict[] {
  const held = new Set(
    known.flatMap((incident) =>
      incident.signals
        .filter((one) => incident.state !== "resolved" || one.recoveredAtMs === null)
        .map((one) => signalId(one.signal)),
    ),
  );
  return verdicts.filter(({ signal, verdict }) => verdict.kind === "drift" && !held.has(signalId(signal)));
}

/** Fresh drifts as signals, in order of onset. */
function drifting(sweep: Sweep, fresh: readonly SignalVerdict[]): DriftingSignal[] {
  return fresh
    .flatMap((judged) => {
      const { signal, verdict, atMs } = judged;
      if (verdict.kind !== "drift") return [];
      const found = foundOf(sweep, signal);
      const sentence = sweep.explain({ ...judged, bins: found?.bins });
      return [{ signal, drift: verdict, detectedAtMs: atMs, recoveredAtMs: null, sentence, found }];
    })
    .sort((a, b) => a.drift.onset.atMs - b.drift.onset.atMs);
}

function foundOf({ evidence }: Sweep, signal: SignalKey): Found | undefined {
  const known = evidence.signals[signalId(signal)];
  if (known === undefined) return undefined;
  const { bins, exampleRunIds, baselineRunIds } = known;
  return { bins, exampleRunIds, baselineRunIds };
}

/** Finds the incident that a fresh drift belongs to, or opens one. Changes `incidents` and adds to `events`. */
function place(fresh: DriftingSignal, incidents: Incident[], sweep: Sweep, events: IncidentEvent[]): void {
  const joined = incidents.findIndex(
    (incident) => incident.state !== "resolved" && belongs(fresh, incident, sweep),
  );
  if (joined >= 0) {
    const incident = withSignal(incidents[joined] as Incident, fresh, sweep);
    incidents[joined] = incident;
    const told = events.some((event) => event.incident.incidentId === incident.incidentId);
    if (!told) events.push(incidentEvent(incident, "joined", sweep.nowMs, ownActor, fresh.sentence));
    return;
  }
  const again = incidents.findIndex(
    (incident) =>
      incident.state === "resolved" &&
      incident.signals.some((one) => signalId(one.signal) === signalId(fresh.signal)) &&
      sweep.nowMs - (incident.resolvedAtMs ?? 0) <= sweep.settings.reopenMs,
  );
  if (again >= 0) {
    const reopened = withSignal(incidents[again] as Incident, fresh, sweep);
    const incident: Incident = {
      ...reopened,
      state: "open",
      resolvedAtMs: null,
      stateActor: ownActor,
      notifiedAtMs: sweep.nowMs,
    };
    incidents[again] = incident;
    events.push(incidentEvent(incident, "reopened", sweep.nowMs, ownActor, fresh.sentence));
    return;
  }
  const incident = openIncident(fresh, sweep);
  incidents.push(incident);
  events.push(incidentEvent(incident, "opened", sweep.nowMs, ownActor, ""));
}

function belongs(fresh: DriftingSignal, incident: Incident, { settings, changes }: Sweep): boolean {
  if (incident.signals.some((one) => signalId(one.signal) === signalId(fresh.signal))) return true;
  const [change] = changesNear(fresh, changes);
  if (change !== undefined && change.changeId === incident.cause.change?.changeId) return true;
  return incident.signals.some(
    (one) => one.recoveredAtMs === null && beganTogether(one, fresh, settings.joinMs),
  );
}
