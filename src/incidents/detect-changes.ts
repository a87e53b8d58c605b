import type { ChangeEvent } from "../model/incident.ts";
import type { VersionRow } from "../model/rows.ts";
import { derivedId } from "./ids.ts";
import { promptDiff } from "./prompt-diff.ts";

/** A version, or a resolved model, as it was used in one span of time. */
export interface VersionUse {
  version: string;
  /** The model that answered, "" where unknown. */
  modelResolved: string;
  firstMs: number;
  runs: number;
}

/**
 * Finds what was deployed: a version, or a resolved model, that runs now and did not run before.
 *
 * A version that comes back after an absence is a change too (a rollback), so `before` should reach back days,
 * not for ever. The most used version of `before` is taken as the one that was replaced.
 *
 * @param before use in the days before the new minutes; nothing there means a new workflow and no change.
 * @param now use in the new minutes.
 * @param versions what is known of each version, by its id.
 * @returns one event for each thing that differs, oldest first; a version of which only the id differs gives
 *   one event `version`.
 */
export function detectChanges(
  workflow: string,
  before: readonly VersionUse[],
  now: readonly VersionUse[],
  versions: ReadonlyMap<string, VersionRow>,
): ChangeEvent[] {
  const replaced = [...before].sort((a, b) => b.runs - a.runs)[0];
  if (replaced === undefined) return [];
  const events: ChangeEvent[] = [];
  const oldestFirst = [...now].sort((a, b) => a.firstMs - b.firstMs);
  for (const use of oldestFirst) {
    if (!before.some((known) => known.version === use.version))
      events.push(...versionChanges(workflow, replaced.version, use, versions));
    const sameVersion = before.filter((known) => known.version === use.version);
    const resolvedBefore = (sameVersion.length > 0 ? sameVersion : [replaced]).map(
      (known) => known.modelResolved,
    );
    if (use.modelResolved !== "" && resolvedBefore[0] !== "" && !resolvedBefore.includes(use.modelResolved))
      events.push(
        changeEvent(workflow, use.firstMs, "model_resolved", {
          before: resolvedBefore[0] ?? "",
          after: use.modelResolved,
          versionBefore: replaced.version,
          versionAfter: use.version,
          diff: "",
        }),
      );
  }
  return [...new Map(events.map((event) => [event.changeId, event])).values()];
}

function versionChanges(
  workflow: string,
  versionBefore: string,
  use: VersionUse,
  versions: ReadonlyMap<string, VersionRow>,
): ChangeEvent[] {
  const was = versions.get(versionBefore);
  const is = versions.get(use.version);
  const ids = { versionBefore, versionAfter: use.version };
  const events: ChangeEvent[] = [];
  if (was !== undefined && is !== undefined) {
    if (promptIdentity(was) !== promptIdentity(is))
      events.push(
        changeEvent(workflow, use.firstMs, "prompt", {
          before: promptLabel(was),
          after: promptLabel(is),
          diff: promptDiff(was.prompt, is.prompt),
          ...ids,
        }),
      );
    const plain = [
      ["model", was.model, is.model],
      ["settings", was.settings, is.settings],
      ["code", was.code_revision, is.code_revision],
    ] as const;
    for (const [what, old, fresh] of plain)
      if (old !== fresh)
        events.push(
          changeEvent(workflow, use.firstMs, what, { before: old, after: fresh, diff: "", ...ids }),
        );
  }
  if (events.length > 0) return events;
  return [
    changeEvent(workflow, use.firstMs, "version", {
      before: versionBefore,
      after: use.version,
      diff: "",
      ...ids,
    }),
  ];
}

function promptIdentity(row: VersionRow): string {
  return JSON.stringify([row.prompt_name, row.prompt_version, row.prompt]);
}

/** A name people know the prompt by: its name and version where given, else the version of the workflow. */
function promptLabel(row: VersionRow): string {
  return [row.prompt_name, row.prompt_version || row.version].filter((part) => part !== "").join(" ");
}

function changeEvent(
  workflow: string,
  atMs: number,
  what: ChangeEvent["what"],
  rest: Omit<ChangeEvent, "changeId" | "workflow" | "atMs" | "what">,
): ChangeEvent {
  return {
    changeId: derivedId("chg", workflow, what, rest.before, rest.after, atMs),
    workflow,
    atMs,
    what,
    ...rest,
  };
}
