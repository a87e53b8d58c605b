import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/model/json.ts";
import { applyEdits, listFields } from "../../../src/review/edit.ts";

const output: Json = {
  vendor: { name: "Acme" },
  total: 12.5,
  paid: false,
  note: null,
  lines: [{ "a/b~c": "x" }],
  text: "one\ntwo",
};

describe("listFields()", () => {
  it("names every leaf by JSON Pointer and in words", () => {
    expect(listFields(output).map(({ pointer, label }) => [pointer, label])).toEqual([
      ["/vendor/name", "vendor.name"],
      ["/total", "total"],
      ["/paid", "paid"],
      ["/note", "note"],
      ["/lines/0/a~1b~0c", "lines[1].a/b~c"],
      ["/text", "text"],
    ]);
  });

  it("makes one field of an output that is no object", () => {
    expect(listFields("hello")).toEqual([{ pointer: "", label: "", value: "hello" }]);
  });
});

describe("applyEdits()", () => {
  const cases: { why: string; pointer: string; text: string; want: Json }[] = [
    {
      why: "changes a text",
      pointer: "/vendor/name",
      text: "Bolt",
      want: { ...output, vendor: { name: "Bolt" } },
    },
    { why: "keeps a number a number", pointer: "/total", text: "13", want: { ...output, total: 13 } },
    {
      why: "makes a number null when emptied",
      pointer: "/total",
      text: "",
      want: { ...output, total: null },
    },
    {
      why: "takes text in place of a number as text",
      pointer: "/total",
      text: "n/a",
      want: { ...output, total: "n/a" },
    },
    { why: "keeps a boolean a boolean", pointer: "/paid", text: "true", want: { ...output, paid: true } },
    { why: "leaves null when nothing was filled in", pointer: "/note", text: "", want: output },
    { why: "fills null with text", pointer: "/note", text: "hi", want: { ...output, note: "hi" } },
    {
      why: "reaches escaped keys in lists",
      pointer: "/lines/0/a~1b~0c",
      text: "y",
      want: { ...output, lines: [{ "a/b~c": "y" }] },
    },
    { why: "takes a browser's line ends as no change", pointer: "/text", text: "one\r\ntwo", want: output },
    { why: "leaves out a pointer that is not there", pointer: "/evil", text: "x", want: output },
  ];
  it.each(cases)("$why", ({ pointer, text, want }) => {
    expect(applyEdits(output, new Map([[pointer, text]]))).toEqual(want);
  });

  it("keeps a member named __proto__ a plain member", () => {
    const hostile = JSON.parse('{"__proto__":"a"}') as Json;
    const edited = applyEdits(hostile, new Map([["/__proto__", "b"]]));
    expect(JSON.stringify(edited)).toBe('{"__proto__":"b"}');
  });
});
