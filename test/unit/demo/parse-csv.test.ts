import { describe, expect, it } from "vitest";
import { parseCsv } from "../../../src/demo/parse-csv.ts";

describe("parseCsv()", () => {
  const cases = [
    { why: "reads a line by the header", text: "a,b\n1,2\n", rows: [{ a: "1", b: "2" }] },
    { why: "reads a last line without an end", text: "a,b\n1,2", rows: [{ a: "1", b: "2" }] },
    { why: "reads lines that end as on Windows", text: "a,b\r\n1,2\r\n", rows: [{ a: "1", b: "2" }] },
    { why: "keeps commas in quotes", text: 'a,b\n"1,000",2\n', rows: [{ a: "1,000", b: "2" }] },
    {
      why: "keeps quotes and line ends in quotes",
      text: 'a\n"say ""hi""\nyou"\n',
      rows: [{ a: 'say "hi"\nyou' }],
    },
    {
      why: "keeps empty cells",
      text: "a,b,c\n,,\n1,,3\n",
      rows: [
        { a: "", b: "", c: "" },
        { a: "1", b: "", c: "3" },
      ],
    },
    { why: "lacks the keys of cells that are not there", text: "a,b\n1\n", rows: [{ a: "1" }] },
    { why: "drops cells that have no name", text: "a\n1,2\n", rows: [{ a: "1" }] },
    { why: "finds nothing in an empty text", text: "", rows: [] },
  ];
  it.each(cases)("parseCsv() $why", ({ text, rows }) => {
    expect(parseCsv(text)).toEqual(rows);
  });
});
