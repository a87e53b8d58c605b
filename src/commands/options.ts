import { PermanentError } from "../model/errors.ts";
import type { CommandContext } from "./command.ts";

/** Options of every command that reads history. */
export const historyOptions = {
  url: {
    type: "string",
    value: "URL",
    means: "running sidecar to ask",
    otherwise: "the data folder, or the sidecar that holds it",
  },
  key: { type: "string", value: "K", means: "its key, with the scope review", otherwise: "EVENKEEL_API_KEY" },
} as const;

/** Options of every command that looks at a span of time. */
export const spanOptions = {
  from: {
    type: "string",
    value: "T",
    means: "first moment, such as 2026-11-20T09:30, in UTC",
    otherwise: "the beginning",
  },
  to: { type: "string", value: "T", means: "last moment", otherwise: "now" },
} as const;

/** Which workflow a command is about. */
export const workflowOptions = {
  workflow: { type: "string", value: "W", means: "workflow, needed" },
} as const;

/** An option's text, "" where it was not given. */
export function textOption({ values }: Pick<CommandContext, "values">, name: string): string {
  const value = values[name];
  return typeof value === "string" ? value.trim() : "";
}

/**
 * The workflow that a command is about.
 *
 * @throws {PermanentError} If none was given.
 */
export function workflowOption(context: Pick<CommandContext, "values">, command: string): string {
  const workflow = textOption(context, "workflow");
  if (workflow === "") throw new PermanentError(`Cannot ${command}: --workflow must name a workflow`);
  return workflow;
}

/**
 * A time given as an option: ISO 8601, UTC where it names no zone.
 *
 * @returns milliseconds since the epoch, or null where the option was not given.
 * @throws {PermanentError} If it is no time.
 */
export function timeOption(
  context: Pick<CommandContext, "values">,
  name: string,
  command: string,
): number | null {
  const text = textOption(context, name);
  if (text === "") return null;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) || text.length === 10;
  const timeMs = Date.parse(hasZone ? text : `${text}Z`);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new PermanentError(
    `Cannot ${command}: --${name} must be a time such as 2026-11-20T09:30, got '${text}'`,
  );
}

/**
 * One of a few words; the first where none was given.
 *
 * @throws {PermanentError} If it is another word.
 */
export function choiceOption<T extends string>(
  context: Pick<CommandContext, "values">,
  name: string,
  command: string,
  choices: readonly [T, ...T[]],
): T {
  const text = textOption(context, name);
  const chosen = text === "" ? choices[0] : choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw new PermanentError(
    `Cannot ${command}: --${name} must be one of ${choices.join(", ")}, got '${text}'`,
  );
}
