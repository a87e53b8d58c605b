import type { Settings } from "./options.ts";
import { encodeSpanAttributes } from "./otlp/encode.ts";
import type { Attributes, Constants } from "./record.ts";
import { canonicalJson, type VersionParts, versionId } from "./version.ts";
import { snapshot } from "./snapshot.ts";

/** What the runs of one observed function have in common. */
export interface WorkflowVersion {
  /** Attributes of every run. */
  constants: Constants;
  /** The prompt's text if this run should carry it, else "". */
  promptDue: (nowMs: number) => string;
}

/** What `workflowVersion` reads of the options of `observe`. */
export interface WorkflowOptions extends VersionParts {
  workflow: string;
  version?: string | undefined;
  mode?: "live" | "shadow" | "canary" | undefined;
  attributes?: Readonly<Record<string, string | number | boolean>> | undefined;
}

const promptCharsAlways = 1024;
const promptAgainMs = 10 * 60_000;

/**
 * Works out once what all runs of a workflow and version carry.
 *
 * A prompt of up to 1,024 characters goes with every run. A longer one goes with the first run and again
 * every ten minutes, in case the sidecar was replaced; the version hash covers it either way.
 */
export function workflowVersion(options: WorkflowOptions, settings: Settings): WorkflowVersion {
  const parts = { ...options, codeRevision: options.codeRevision ?? settings.codeRevision };
  const attributes: Attributes = new Map();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") attributes.set(name, value);
  };
  set("evenkeel.workflow", options.workflow);
  const mode = options.mode ?? settings.mode;
  if (mode !== "live") set("evenkeel.mode", mode);
  set("evenkeel.version", options.version ?? versionId(parts));
  set("evenkeel.prompt.name", parts.promptName);
  set("evenkeel.prompt.version", parts.promptVersion);
  set("evenkeel.model", parts.model);
  if (parts.settings !== undefined) {
    set("evenkeel.settings", canonicalJson(snapshot(parts.settings).value));
  }
  set("evenkeel.code.revision", parts.codeRevision);
  for (const [name, value] of Object.entries(options.attributes ?? {})) {
    set(`evenkeel.attr.${name}`, String(value));
  }
  const prompt = options.prompt ?? "";
  let nextMs = Number.NEGATIVE_INFINITY;
  return {
    constants: { attributes, encoded: encodeSpanAttributes(attributes) },
    promptDue(nowMs) {
      if (prompt.length <= promptCharsAlways) return prompt;
      if (nowMs < nextMs) return "";
      nextMs = nowMs + promptAgainMs;
      return prompt;
    },
  };
}
