import type { Incident, IncidentEvent, IncidentEventKind } from "../model/incident.ts";
import { derivedId } from "./ids.ts";

/** What a person may do to an incident. */
export type IncidentCommand =
  | { kind: "acknowledge"; actor: string; note: string }
  | { kind: "snooze"; actor: string; note: string; untilMs: number }
  | { kind: "resolve"; actor: string; note: string };

export type CommandResult =
  | { kind: "done"; incident: Incident; event: IncidentEvent }
  | { kind: "refused"; reason: string };

/**
 * Applies a person's command.
 *
 * An open or snoozed incident can be acknowledged, any that is not resolved can be snoozed or resolved. Resolving
 * does not touch the signals: one that still drifts stays in this incident and is told of again only when it has
 * recovered and drifts anew.
 */
export function applyCommand(incident: Incident, command: IncidentCommand, nowMs: number): CommandResult {
  if (incident.state === "resolved")
    return { kind: "refused", reason: `Cannot ${command.kind} incident: it is resolved` };
  if (command.kind === "acknowledge" && incident.state === "acknowledged")
    return { kind: "refused", reason: "Cannot acknowledge incident: it is acknowledged" };
  if (command.kind === "snooze" && command.untilMs <= nowMs)
    return { kind: "refused", reason: "Cannot snooze incident: 'until' must lie in the future" };
  const changed: Incident = {
    ...incident,
    updatedAtMs: nowMs,
    snoozedUntilMs: null,
    stateActor: command.actor,
  };
  switch (command.kind) {
    case "acknowledge":
      return done({ ...changed, state: "acknowledged" }, "acknowledged", command, nowMs);
    case "snooze":
      return done(
        { ...changed, state: "snoozed", snoozedUntilMs: command.untilMs },
        "snoozed",
        command,
        nowMs,
      );
    case "resolve":
      return done({ ...changed, state: "resolved", resolvedAtMs: nowMs }, "resolved", command, nowMs);
  }
}

function done(
  incident: Incident,
  kind: IncidentEventKind,
  { actor, note }: IncidentCommand,
  atMs: number,
): CommandResult {
  return { kind: "done", incident, event: incidentEvent(incident, kind, atMs, actor, note) };
}

/** Makes the event of a transition; its id depends on incident, kind and time alone. */
export function incidentEvent(
  incident: Incident,
  kind: IncidentEventKind,
  atMs: number,
  actor: string,
  note: string,
): IncidentEvent {
  return { eventId: derivedId("evt", incident.incidentId, kind, atMs), kind, incident, atMs, actor, note };
}
