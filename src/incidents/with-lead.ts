import type { Incident } from "../model/incident.ts";
import { byPlainness } from "../model/leading.ts";

/** Gives an incident the sentence and the examples of the signal that leads those that still drift. */
export function withLead(incident: Incident): Incident {
  const [leading] = byPlainness(incident.signals.filter((one) => one.recoveredAtMs === null));
  if (leading === undefined) return incident;
  const { exampleRunIds, baselineRunIds } = leading.found ?? incident;
  return { ...incident, title: leading.sentence, exampleRunIds, baselineRunIds };
}
