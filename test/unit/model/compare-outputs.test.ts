import { describe, expect, it } from "vitest";
import { compareOutputs, type CompareRules } from "../../../src/model/compare-outputs.ts";
import type { Json } from "../../../src/model/json.ts";

const rules: CompareRules = {
  total: { by: "number", tolerance: 0.01 },
  summary: { by: "text", tolerance: 0 },
  meta: { by: "ignore", tolerance: 0 },
  "lines[].amount": { by: "number", tolerance: 0.5 },
};

const cases: {
  why: string;
  wanted: Json;
  given: Json;
  isPartial?: boolean;
  fields: Record<string, boolean>;
}[] = [
  {
    why: "compares only what a partial output names",
    wanted: { category: "it" },
    given: { category: "it", total: 3 },
    isPartial: true,
    fields: { "output.category": false },
  },
  {
    why: "sees a member too many in a whole output, and counts a missing one as null",
    wanted: { a: 1, b: null },
    given: { a: 1, c: 2 },
    fields: { "output.a": false, "output.b": false, "output.c": true },
  },
  {
    why: "takes numbers within the tolerance for the same, also as text, and across a binary fraction",
    wanted: { total: "1,200.10" },
    given: { total: 1200.11 },
    fields: { "output.total": false },
  },
  {
    why: "tells numbers past the tolerance apart",
    wanted: { total: 10 },
    given: { total: 10.02 },
    fields: { "output.total": true },
  },
  {
    why: "compares a number rule exactly where one is no number",
    wanted: { total: null },
    given: { total: 0 },
    fields: { "output.total": true },
  },
  {
    why: "takes texts for the same but for case, spaces and punctuation at the ends",
    wanted: { summary: " Refund  the customer." },
    given: { summary: "refund the CUSTOMER" },
    fields: { "output.summary": false },
  },
  { why: "leaves ignored members out", wanted: { meta: { x: 1 } }, given: { meta: { x: 2 } }, fields: {} },
  {
    why: "compares lists item by item, under one field",
    wanted: { lines: [{ amount: 1 }, { amount: 2 }] },
    given: { lines: [{ amount: 1.4 }, { amount: 3 }] },
    fields: { "output.lines": false, "output.lines[].amount": true },
  },
  {
    why: "tells lists of different length apart as a whole",
    wanted: { lines: [1] },
    given: { lines: [1, 2] },
    fields: { "output.lines": true },
  },
  {
    why: "finds every field of an output that is not there different",
    wanted: { a: 1, b: { c: "x" } },
    given: null,
    fields: { "output.a": true, "output.b.c": true },
  },
  { why: "compares outputs that are no objects", wanted: "yes", given: "no", fields: { output: true } },
  {
    why: "is not led astray by members called like those of every object",
    wanted: { constructor: 1 },
    given: {},
    fields: { "output.constructor": true },
  },
];

describe("compareOutputs()", () => {
  it.each(cases)("$why", ({ wanted, given, isPartial = false, fields }) => {
    expect(Object.fromEntries(compareOutputs(wanted, given, { rules, isPartial }))).toEqual(fields);
  });
});
