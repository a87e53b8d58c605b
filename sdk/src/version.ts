import { createHash } from "node:crypto";
import type { Json } from "./snapshot.ts";

/** What was deployed. Every member is optional. */
export interface VersionParts {
  promptName?: string | undefined;
  promptVersion?: string | undefined;
  /** The prompt's text. */
  prompt?: string | undefined;
  model?: string | undefined;
  /** Model settings, such as `{ temperature: 0 }`. */
  settings?: Readonly<Record<string, unknown>> | undefined;
  codeRevision?: string | undefined;
}

/**
 * A short hash over everything that makes a version, so that nobody has to remember to bump one.
 *
 * @returns 12 hexadecimal digits; "" where nothing is known.
 */
export function versionId(parts: VersionParts): string {
  const known = [
    parts.promptName ?? "",
    parts.promptVersion ?? "",
    parts.prompt ?? "",
    parts.model ?? "",
    parts.settings === undefined ? "" : canonicalJson(parts.settings as Json),
    parts.codeRevision ?? "",
  ];
  if (known.every((part) => part === "")) return "";
  return createHash("sha256").update(JSON.stringify(known)).digest("hex").slice(0, 12);
}

/** JSON text with sorted keys, so that equal settings have equal text. */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, member: Json) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
