import type { Incident, IncidentEventKind } from "../model/incident.ts";
import { ownActor, type Sweep } from "./sweep.ts";

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
  const changed = { ...incident, updatedAtMs: nowMs, notifiedAtMs: nowMs };
  const back = { snoozedUntilMs: null, stateActor: ownActor };

  if (active.length === 0)
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
