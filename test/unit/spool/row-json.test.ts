import { describe, expect, it } from "vitest";
import { encodeRollup, mergeRollups, rollupHead } from "../../../src/collector/row-json.ts";
import type { RollupRow } from "../../../src/model/rows.ts";
import { rollupRow } from "../../conformance/rows.ts";

const lines = (...rows: RollupRow[]) => Buffer.from(rows.map((row) => encodeRollup(row)).join(""));

function merged(...pieces: Buffer[]): RollupRow[] {
  const { rows, ndjson } = mergeRollups(pieces);
  const text = ndjson.toString().trim().split("\n");
  expect(rows).toBe(text.length);
  return text.map((line) => JSON.parse(line) as RollupRow);
}

describe("encodeRollup()", () => {
  const hostile = rollupRow({ minute: 60, field: 'a"b\n', bin: '="n":7}\n\ud800é' });

  it("gives the JSON of the row, with or without a head made before", () => {
    const { n, ...key } = hostile;
    const line = encodeRollup(hostile);
    expect(line).toBe(encodeRollup({ ...hostile, head: rollupHead(key) }));
    expect(JSON.parse(line)).toEqual({ ...hostile, n, bin: '="n":7}\n\ufffdé' });
  });
});

describe("mergeRollups()", () => {
  const a = rollupRow({ minute: 60, bin: '=é "n":3}', n: 2 });
  const b = rollupRow({ minute: 60, bin: "#9", n: 1_000_000 });

  it("sums equal rows over pieces, and keeps the others apart", () => {
    expect(merged(lines(a, b), lines(a), lines(b, a))).toEqual([
      { ...a, n: 6 },
      { ...b, n: 2_000_000 },
    ]);
  });

  const odd = [
    { why: "a count that is no number", line: '{"field":"x","n":"many"}\n' },
    { why: "a count that is a fraction", line: '{"field":"x","n":1.5}\n' },
    { why: "a line without its end", line: '{"field":"x","n":4' },
    { why: "an empty line", line: "\n" },
  ];
  it.each(odd)("keeps $why as it is, for the store to judge", ({ line }) => {
    const twice = mergeRollups([Buffer.from(line), Buffer.from(line)]);
    expect(twice.ndjson.toString()).toBe(line + line);
  });
});
