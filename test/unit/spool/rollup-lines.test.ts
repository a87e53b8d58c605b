import { describe, expect, it } from "vitest";
import {
  createRollupSums,
  encodeRollups,
  rollupHead,
  rollupPlace,
} from "../../../src/collector/rollup-lines.ts";
import type { RollupRow } from "../../../src/model/rows.ts";
import { rollupRow } from "../../conformance/rows.ts";

const lines = (...rows: RollupRow[]) => Buffer.from(encodeRollups(rows));
const wholeLines = (...rows: RollupRow[]) =>
  Buffer.from(rows.map((row) => `${rollupPlace(row)}${rollupHead(row)}${row.n}}\n`).join(""));

function sumOf(pieces: readonly Buffer[]): { rows: number; ndjson: Buffer } {
  const sums = createRollupSums();
  for (const piece of pieces) sums.add(piece);
  return sums.take();
}

function rowsOf(...pieces: Buffer[]): RollupRow[] {
  const { rows, ndjson } = sumOf(pieces);
  const text = ndjson.toString().trim().split("\n");
  expect(rows).toBe(text.length);
  return text.map((line) => JSON.parse(line) as RollupRow);
}

describe("encodeRollups()", () => {
  const hostile = rollupRow({ minute: 60, workflow: 'w",\n', field: 'a"b\n', bin: '="n":7}\n,\ud800é' });

  it("keeps the row, with or without a head made before", () => {
    const headed = { ...hostile, place: rollupPlace(hostile), head: rollupHead(hostile) };
    expect(encodeRollups([headed])).toBe(encodeRollups([hostile]));
    expect(rowsOf(lines(hostile))).toEqual([{ ...hostile, bin: '="n":7}\n,\ufffdé' }]);
  });

  it("names a place once for the rows that follow", () => {
    const other = { ...hostile, version: "v2" };
    expect(encodeRollups([hostile, hostile, other, hostile]).split("\n")).toHaveLength(3 + 4 + 1);
  });
});

describe("createRollupSums()", () => {
  const a = rollupRow({ minute: 60, bin: '=é "n":3}', n: 2 });
  const b = rollupRow({ minute: 60, bin: "#9", n: 1_000_000 });
  const c = rollupRow({ minute: 120, bin: "#9", n: 3 });

  it("sums equal rows over requests, and keeps the others apart", () => {
    expect(rowsOf(lines(a, b), lines(a, c), lines(c, b, a))).toEqual([
      { ...a, n: 6 },
      { ...b, n: 2_000_000 },
      { ...c, n: 6 },
    ]);
  });

  it("reads whole rows, as older segments hold them", () => {
    expect(rowsOf(wholeLines(a, b), wholeLines(a))).toEqual([{ ...a, n: 4 }, b]);
  });

  const odd = [
    { why: "a count that is no number", line: '{"field":"x","n":"many"}\n' },
    { why: "a count that is a fraction", line: '{"field":"x","n":1.5}\n' },
    { why: "a line without its end", line: '{"field":"x","n":4' },
    { why: "an empty line", line: "\n" },
  ];
  it.each(odd)("keeps $why as it is, for the store to judge", ({ line }) => {
    const twice = sumOf([Buffer.from(line), Buffer.from(line)]);
    expect(twice.ndjson.toString()).toBe(line + line);
  });

  it("keeps a row behind its place whose count is none, whole", () => {
    const line = encodeRollups([b]).replace("1000000", "1e6");
    expect(JSON.parse(sumOf([Buffer.from(line)]).ndjson.toString())).toEqual(b);
  });
});
