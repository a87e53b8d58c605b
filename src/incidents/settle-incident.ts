import type { DriftingSignal, Incident, IncidentEventKind } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import type { Sweep } from "./sweep.ts";

/**
 * What time and the verdicts make of an incident once every signal has its place.
 *
 * @returns the incident, and what to tell people, null for nothing.
 */
export function settleIncident(
  incident: Incident,
  { settings, nowMs }: Pick<Sweep, "settings" | "nowMs">,
): { incident: Incident; told: IncidentEventKind | null } {
  if (incident.state === "resolved") return { incident, told: null };
  const active = incident.signals.filter((one) => one.recoveredAtMs === null);
  // A key that is new stays new until a person accepts it; beside other signals it does not keep an incident open.
  const isOver = active.every(isNewKey) && !(active.length > 0 && incident.signals.every(isNewKey));
  const changed = { ...incident, updatedAtMs: nowMs, notifiedAtMs: nowMs };
  const back = { snoozedUntilMs: null, stateActor: ownActor };

  if (isOver)
    return {
      incident: { ...changed, ...back, state: "resolved", resolvedAtMs: nowMs },
      told: "recovered",
    };
  if (incident.severity === "warning" && active.some((one) => one.drift.pause))
    return { incident: { ...changed, severity: "critical" }, told: "escalated" };
  if (incident.state === "snoozed" && (incident.snoozedUntilMs ?? 0) <= nowMs)
    return { incident: { ...changed, ...back, state: "open" }, told: "woken" };
  const silentMs = nowMs - incident.notifiedAtMs;
  if (incident.state === "open" && settings.remindMs > 0 && silentMs >= settings.remindMs)
    return { incident: changed, told: "reminded" };
  return { incident, told: null };
}

/** A field that the baseline's runs did not have. */
function isNewKey({ signal, drift }: DriftingSignal): boolean {
  return signal.kind === "type" && drift.of === "";
}
