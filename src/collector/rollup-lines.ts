/**
 * Rollup rows on their way to the store: rows in JSON, cut in two, because the rows of a request share few minutes,
 * workflows and versions, and are half as long without them.
 *
 *   {"minute":…,"workflow":"…","version":"…",    the place of the lines that follow
 *   "kind":"…","field":"…","bin":"…","n":3}      a row
 *   {"minute":…,"workflow":"…", … ,"n":3}        a whole row, as older segments hold them
 */
import type { RollupRow } from "../model/rows.ts";
import { encodeRow } from "./row-json.ts";

/** A rollup row with its lines up to the count, made once for all the times that it is counted. */
export interface HeadedRollup extends RollupRow {
  place: string;
  head: string;
}

/** Sums the rows of many requests. */
export interface RollupSums {
  /** @param lines as `encodeRollups` made them, or whole rows. */
  add(lines: Buffer): void;
  /** The sums as newline-delimited JSON. The same lines in the same order give the same bytes. */
  take(): { rows: number; ndjson: Buffer };
}

type RollupKey = Omit<RollupRow, "n">;

/** The line of a rollup row's place, without its end. */
export function rollupPlace({
  minute,
  workflow,
  version,
}: Omit<RollupKey, "kind" | "field" | "bin">): string {
  return `${encodeRow({ minute, workflow, version }).slice(0, -"}\n".length)},`;
}

/** The line of a rollup row up to its count. */
export function rollupHead({ kind, field, bin }: Omit<RollupKey, "minute" | "workflow" | "version">): string {
  return encodeRow({ kind, field, bin, n: 0 }).slice("{".length, -"0}\n".length);
}

/** The lines of rollup rows. */
export function encodeRollups(rows: readonly (RollupRow | HeadedRollup)[]): string {
  let lines = "";
  let place = "";
  for (const row of rows) {
    const own = "place" in row ? row : { place: rollupPlace(row), head: rollupHead(row) };
    if (own.place !== place) lines += `${own.place}\n`;
    place = own.place;
    lines += `${own.head}${row.n}}\n`;
  }
  return lines;
}

const comma = 0x2c;
const colon = 0x3a;
const brace = 0x7d;
const zero = 0x30;

/**
 * Creates empty sums, so that the store gets each row once for a segment, however many requests counted it. A line of
 * another form is kept as it is.
 */
export function createRollupSums(): RollupSums {
  const places = new Map<string, Map<string, { n: number }>>();
  const others: string[] = [];

  function sumsOf(place: string): Map<string, { n: number }> {
    const known = places.get(place);
    if (known !== undefined) return known;
    const created = new Map<string, { n: number }>();
    places.set(place, created);
    return created;
  }

  return {
    add(lines) {
      // As Latin-1, which is a byte to a character: cheaper than UTF-8, and all that comparing needs.
      const text = lines.toString("latin1");
      let place = "";
      let sums = sumsOf(place);
      for (let from = 0, to = 0; from < text.length; from = to) {
        to = text.indexOf("\n", from) + 1 || text.length;
        if (text.charCodeAt(to - 2) === comma) {
          place = text.slice(from, to - 1);
          sums = sumsOf(place);
          continue;
        }
        const { at, n } = readCount(text, to);
        if (n === 0) {
          others.push(place + text.slice(from, to));
          continue;
        }
        const head = text.slice(from, at);
        const sum = sums.get(head);
        if (sum === undefined) sums.set(head, { n });
        else sum.n += n;
      }
    },
    take() {
      const lines = [...others];
      for (const [place, sums] of places) {
        for (const [head, { n }] of sums) lines.push(`${place}${head}${n}}\n`);
      }
      return { rows: lines.length, ndjson: Buffer.from(lines.join(""), "latin1") };
    },
  };
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
