import type { Json } from "../model/json.ts";

/** One editable value of an output. */
export interface EditableField {
  /** JSON Pointer (RFC 6901); "" for the output itself. */
  pointer: string;
  /** The same as people read it: `vendor.name`, `lines[2].amount`. */
  label: string;
  value: null | boolean | number | string;
}

const fieldsMax = 200;

/** The leaves of an output, in order. Empty objects and lists have none. */
export function listFields(output: Json, pointer = "", label = ""): EditableField[] {
  if (typeof output !== "object" || output === null) return [{ pointer, label, value: output }];
  const fields = Array.isArray(output)
    ? output.flatMap((item, index) => listFields(item, `${pointer}/${index}`, `${label}[${index + 1}]`))
    : Object.entries(output).flatMap(([key, item]) =>
        listFields(item, `${pointer}/${escapeKey(key)}`, label === "" ? key : `${label}.${key}`),
      );
  return fields.slice(0, fieldsMax);
}

/**
 * The output with some fields changed. A field keeps its type where the text allows it: numbers stay numbers,
 * `true` and `false` stay booleans, and an empty text leaves null as it was.
 *
 * @param edits new text by pointer; pointers that the output does not have are left out.
 */
export function applyEdits(output: Json, edits: ReadonlyMap<string, string>, pointer = ""): Json {
  if (typeof output !== "object" || output === null) {
    const text = edits.get(pointer);
    return text === undefined ? output : retype(output, text);
  }
  if (Array.isArray(output))
    return output.map((item, index) => applyEdits(item, edits, `${pointer}/${index}`));
  return Object.fromEntries(
    Object.entries(output).map(([key, item]) => [
      key,
      applyEdits(item, edits, `${pointer}/${escapeKey(key)}`),
    ]),
  );
}

function retype(before: null | boolean | number | string, text: string): Json {
  if (before === null) return text === "" ? null : text;
  if (typeof before === "number") {
    const number = Number(text);
    return text.trim() !== "" && Number.isFinite(number) ? number : text === "" ? null : text;
  }
  if (typeof before === "boolean") return text === "true" ? true : text === "false" ? false : text;
  // Browsers send line ends as CRLF; a value that only differs by that was not edited.
  return text.replaceAll("\r\n", "\n") === before.replaceAll("\r\n", "\n")
    ? before
    : text.replaceAll("\r\n", "\n");
}

function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
