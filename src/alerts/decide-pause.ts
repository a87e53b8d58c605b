import type { DriftingSignal, Incident } from "../model/incident.ts";
import type { PauseSettings } from "./settings.ts";

/** Whether an incident stops its workflow. */
export type PauseDecision = { kind: "run" } | { kind: "would pause" | "pause"; reason: string };

/**
 * Decides whether an incident stops its workflow: only while a signal of a configured kind drifts by the strict
 * parameters, and only once per incident, so that a person who resumes is not overruled.
 */
export function decidePause(
  incident: Incident,
  { mode, on }: Pick<PauseSettings, "mode" | "on">,
): PauseDecision {
  if (mode === "off" || incident.pausedWorkflow || incident.state === "resolved") return { kind: "run" };
  const cause = incident.signals.find((one) => stops(one, on));
  if (cause === undefined) return { kind: "run" };
  return { kind: mode === "on" ? "pause" : "would pause", reason: cause.sentence };
}

function stops({ signal, drift, recoveredAtMs }: DriftingSignal, on: PauseSettings["on"]): boolean {
  return recoveredAtMs === null && drift.pause && on.includes(signal.kind);
}
