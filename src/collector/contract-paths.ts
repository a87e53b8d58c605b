import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";

/** A run's two documents, by the roots that field paths begin with. */
export interface Documents {
  input: Json;
  output: Json;
}

/** A path in one of the documents, compiled. */
export interface FieldPath {
  root: keyof Documents;
  /** Names in order; `[]` at the end of one goes through the items of a list. */
  parts: readonly string[];
}

const itemsMax = 100;

/** Compiles a path: whole where it begins with `input.` or `output.`, below `root` otherwise. */
export function fieldPath(path: string, root: keyof Documents): FieldPath {
  const [first = "", ...rest] = path.split(".");
  if (rest.length > 0 && (first === "input" || first === "output")) return { root: first, parts: rest };
  return { root, parts: [first, ...rest] };
}

/** Every value at a path, at most 100 items of each list. A missing member counts as null. */
export function valuesAt(documents: Documents, { root, parts }: FieldPath): Json[] {
  return walk(documents[root], parts, itemsMax);
}

/**
 * Every value below a document; `lines[].sku` goes through the items of a list, and `[]` alone through those of the
 * document itself. A missing member counts as null.
 */
export function walk(document: Json, parts: readonly string[], listMax = Number.MAX_SAFE_INTEGER): Json[] {
  let found: Json[] = [document];
  for (const part of parts) {
    const isList = part.endsWith("[]");
    const name = isList ? part.slice(0, -2) : part;
    const members = name === "" ? found : found.map((parent) => memberOf(parent, name));
    found = isList ? members.flatMap((list) => (Array.isArray(list) ? list.slice(0, listMax) : [])) : members;
  }
  return found;
}

/** Tells whether nothing was there: null, a missing member, or a blank text. */
export function isAbsent(value: Json): boolean {
  return value === null || (typeof value === "string" && value.trim() === "");
}

function memberOf(parent: Json, name: string): Json {
  return isJsonObject(parent) && Object.hasOwn(parent, name) ? (parent[name] ?? null) : null;
}
