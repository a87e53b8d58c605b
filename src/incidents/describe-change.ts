import type { ChangeEvent } from "../model/incident.ts";
import { utcTime } from "./words.ts";

const names: Record<ChangeEvent["what"], string> = {
  version: "version",
  prompt: "prompt",
  model: "model",
  model_resolved: "model that answers",
  settings: "model's settings",
  code: "code",
};

/** One line of what changed and when: `The prompt changed from v12 to v13 at Tue 17 Nov 14:10 UTC`. */
export function describeChange(change: ChangeEvent): string {
  const from = change.before === "" ? "none" : `\`${change.before}\``;
  const to = change.after === "" ? "none" : `\`${change.after}\``;
  return `The ${names[change.what]} changed from ${from} to ${to} at ${utcTime(change.atMs)}`;
}
