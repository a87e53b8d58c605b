import type { RunRow, StepRow } from "../model/rows.ts";

// `JSON.stringify` escapes lone surrogates, and ClickHouse refuses the whole batch for one such escape. An escape
// behind an odd number of backslashes is one; behind an even number it is the text of a document in a document.
const loneSurrogate = /(?<=(?:^|[^\\])(?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** A row as one line of JSON. */
export function encodeRow(row: object): string {
  return `${wellFormedJson(row)}\n`;
}

/**
 * The same, in pieces, for a row with content, which is JSON text already: nothing but its quotes and backslashes needs an
 * escape. `head` lacks the brace at its end, `inputs` and `outputs` the quotes around them.
 */
export function encodeContentRow(row: RunRow | StepRow): { head: string; inputs: string; outputs: string } {
  const head = wellFormedJson({ ...row, inputs: undefined, outputs: undefined }).slice(0, -1);
  return { head, inputs: escapeJson(row.inputs), outputs: escapeJson(row.outputs) };
}

function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes("\\ud") ? json.replace(loneSurrogate, "\ufffd") : json;
}

/** JSON text as it stands between the quotes of a string. */
function escapeJson(text: string): string {
  return text.includes("\\") ? wellFormedJson(text).slice(1, -1) : text.replaceAll('"', '\\"');
}
