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

/**
 * One line of what changed and when: `The prompt changed from v12 to v13 at Tue 17 Nov 14:10 UTC`, or between two times where
 * looks are far apart.
 */
export function describeChange({ what, before, after, atMs, afterMs }: ChangeEvent): string {
  const from = before === "" ? "none" : `\`${before}\``;
  const to = after === "" ? "none" : `\`${after}\``;
  const when =
    afterMs === undefined ? `at ${utcTime(atMs)}` : `between ${utcTime(afterMs)} and ${utcTime(atMs)}`;
  return `The ${names[what]} changed from ${from} to ${to} ${when}`;
}
