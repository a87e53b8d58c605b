import type { RollupRow, RunRow, StepRow } from "../model/rows.ts";

/** A rollup row with its JSON up to the count, made once for all the times that it is counted. */
export interface HeadedRollup extends RollupRow {
  head: string;
}

// `JSON.stringify` escapes lone surrogates, and ClickHouse refuses the whole batch for one such escape. An escape
// behind an odd number of backslashes is one; behind an even number it is the text of a document in a document.
const loneSurrogate = /(?<=(?:^|[^\\])(?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** A row as one line of JSON. */
export function encodeRow(row: object): string {
  return `${wellFormedJson(row)}\n`;
}

/** The same for a row with content, which is JSON text already: nothing but its quotes and backslashes needs an escape. */
export function encodeContentRow(row: RunRow | StepRow): string {
  const rest = wellFormedJson({ ...row, inputs: undefined, outputs: undefined }).slice(0, -1);
  return `${rest},"inputs":${quoteJson(row.inputs)},"outputs":${quoteJson(row.outputs)}}\n`;
}

function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes("\\ud") ? json.replace(loneSurrogate, "\ufffd") : json;
}

function quoteJson(text: string): string {
  return text.includes("\\") ? wellFormedJson(text) : `"${text.replaceAll('"', '\\"')}"`;
}

/** A rollup row as one line of JSON, with its count as the last member. */
export function encodeRollup(row: RollupRow | HeadedRollup): string {
  return `${"head" in row ? row.head : rollupHead(row)}${row.n}}\n`;
}

/** The JSON of a rollup row up to its count. */
export function rollupHead({ minute, workflow, version, kind, field, bin }: Omit<RollupRow, "n">): string {
  return encodeRow({ minute, workflow, version, kind, field, bin, n: 0 }).slice(0, -"0}\n".length);
}

const colon = 0x3a;
const brace = 0x7d;
const zero = 0x30;

/**
 * Sums the counts of equal rollup rows, so that the store gets each once for a segment, however many requests
 * counted it. The same bytes give the same result. A line of another form is kept as it is.
 *
 * @param pieces whole lines, as `encodeRollup` made them.
 */
export function mergeRollups(pieces: readonly Buffer[]): { rows: number; ndjson: Buffer } {
  const sums = new Map<string, { n: number }>();
  const lines: string[] = [];
  for (const piece of pieces) {
    // As Latin-1, which is a byte to a character: cheaper than UTF-8, and all that comparing needs.
    const text = piece.toString("latin1");
    for (let from = 0, to = 0; from < text.length; from = to) {
      to = text.indexOf("\n", from) + 1 || text.length;
      const { at, n } = readCount(text, to);
      const head = text.slice(from, n === 0 ? to : at);
      const sum = sums.get(head);
      if (n === 0) lines.push(head);
      else if (sum === undefined) sums.set(head, { n });
      else sum.n += n;
    }
  }
  for (const [head, { n }] of sums) lines.push(`${head}${n}}\n`);
  return { rows: lines.length, ndjson: Buffer.from(lines.join(""), "latin1") };
}

/** The count at the end of a line, and where it begins; 0 where there is none. */
function readCount(text: string, lineEnd: number): { at: number; n: number } {
  let at = lineEnd - 2;
  if (text.charCodeAt(at) !== brace) return { at, n: 0 };
  let n = 0;
  for (let place = 1; place < 1e15; place *= 10) {
    const digit = text.charCodeAt(at - 1) - zero;
    if (!(digit >= 0 && digit <= 9)) break;
    n += digit * place;
    at -= 1;
  }
  return { at, n: text.charCodeAt(at - 1) === colon ? n : 0 };
}
