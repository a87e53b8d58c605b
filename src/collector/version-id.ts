import { createHash } from "node:crypto";
import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import type { Version } from "../model/run.ts";

/**
 * Completes a version with its id: the given one, or a short hash over what was deployed, so that nobody has to
 * remember to bump it. "" where nothing is known.
 */
export function withVersionId(given: string, parts: Omit<Version, "id">): Version {
  const { promptName, promptVersion, prompt, model, settings, codeRevision } = parts;
  const id = given === "" ? hashOf(parts) : given;
  return { id, promptName, promptVersion, prompt, model, settings, codeRevision };
}

function hashOf(parts: Omit<Version, "id">): string {
  const members = [
    parts.promptName,
    parts.promptVersion,
    parts.prompt,
    parts.model,
    parts.settings,
    parts.codeRevision,
  ];
  if (members.every((member) => member === "")) return "";
  return createHash("sha256").update(JSON.stringify(members)).digest("hex").slice(0, 12);
}

/** JSON text with the members of every object in order, so that equal settings are equal text. "" for null. */
export function canonicalJson(value: Json): string {
  return value === null ? "" : JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const members: JsonObject = {};
  for (const name of Object.keys(value).sort()) members[name] = sorted(value[name] ?? null);
  return members;
}
