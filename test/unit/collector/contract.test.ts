import { describe, expect, it } from "vitest";
import { createContractCheck } from "../../../src/collector/contract.ts";
import type { FieldRule } from "../../../src/model/contract.ts";
import type { Json } from "../../../src/model/json.ts";

const check = createContractCheck();

const cases: { why: string; path?: string; rule: FieldRule; value: Json; broken: string[] }[] = [
  { why: "a required member that is missing", rule: { required: true }, value: {}, broken: ["required"] },
  {
    why: "a required member that is null",
    rule: { required: true },
    value: { f: null },
    broken: ["required"],
  },
  {
    why: "a required member that is blank",
    rule: { required: true },
    value: { f: " " },
    broken: ["required"],
  },
  { why: "nothing in a required zero", rule: { required: true }, value: { f: 0 }, broken: [] },
  {
    why: "nothing in an optional missing member",
    rule: { type: "string", allowed: ["a"] },
    value: {},
    broken: [],
  },
  { why: "another type", rule: { type: "number" }, value: { f: "1" }, broken: ["type"] },
  { why: "a fraction for an integer", rule: { type: "integer" }, value: { f: 1.5 }, broken: ["type"] },
  { why: "a list for an object", rule: { type: "object" }, value: { f: [1] }, broken: ["type"] },
  { why: "a value that is not allowed", rule: { allowed: ["a", 1] }, value: { f: "1" }, broken: ["allowed"] },
  { why: "nothing in an allowed value", rule: { allowed: ["a", 1] }, value: { f: 1 }, broken: [] },
  { why: "a number out of bounds", rule: { minimum: 0, maximum: 9 }, value: { f: 10 }, broken: ["maximum"] },
  {
    why: "a text that matches in part only",
    rule: { pattern: "a|ab" },
    value: { f: "abc" },
    broken: ["pattern"],
  },
  { why: "nothing in a text that matches", rule: { pattern: "a|ab" }, value: { f: "ab" }, broken: [] },
  {
    why: "a date that does not exist",
    rule: { format: "date" },
    value: { f: "2026-02-30" },
    broken: ["format"],
  },
  {
    why: "nothing in a time",
    rule: { format: "date-time" },
    value: { f: "2026-02-03T10:00:00Z" },
    broken: [],
  },
  {
    why: "nothing in an address that was redacted",
    rule: { format: "email" },
    value: { f: "[email:0123abcd]" },
    broken: [],
  },
  {
    why: "an address without a link's scheme",
    rule: { format: "uri" },
    value: { f: "www.example" },
    broken: ["format"],
  },
  {
    why: "a member below a missing one",
    path: "a.b",
    rule: { required: true },
    value: { f: 1 },
    broken: ["required"],
  },
  {
    why: "one bad item of a list",
    path: "l[].n",
    rule: { type: "number" },
    value: { l: [{ n: 1 }, { n: "x" }] },
    broken: ["type"],
  },
  { why: "nothing in an empty list", path: "l[].n", rule: { required: true }, value: { l: [] }, broken: [] },
];

describe("createContractCheck()", () => {
  it.each(cases)("finds $why", ({ path = "f", rule, value, broken }) => {
    const result = check({ outputs: { [path]: rule } }, null, value);
    expect(result.findings).toEqual(broken.map((name) => ({ field: `output.${path}`, rule: name })));
    expect(result.fields).toEqual([{ field: `output.${path}`, isBroken: broken.length > 0 }]);
    expect(result.allowed).toHaveLength(rule.allowed === undefined ? 0 : 1);
  });
});
