import { describe, expect, it } from "vitest";
import { compileSchema } from "../../../src/collector/contract-schema.ts";
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
    // With one pattern for all of it, this takes six seconds.
    why: "a long text that is nearly an address",
    rule: { format: "email" },
    value: { f: `a@${".".repeat(60_000)} ` },
    broken: ["format"],
  },
  { why: "a domain without a dot", rule: { format: "email" }, value: { f: "a@b" }, broken: ["format"] },
  { why: "a domain that is a dot", rule: { format: "email" }, value: { f: "a@.bc" }, broken: ["format"] },
  { why: "nothing in an address", rule: { format: "email" }, value: { f: "a@b.c" }, broken: [] },
  {
    // With the engine's own, this does not end.
    why: "a text for which a pattern has many ways",
    rule: { pattern: "(a+)+" },
    value: { f: `${"a".repeat(60_000)}b` },
    broken: ["pattern"],
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
    expect(result.rules.filter(({ isBroken }) => isBroken).map(({ signal }) => signal)).toEqual(
      broken.map((name) => `output.${path} (${name})`),
    );
    expect(result.rules.map((judged) => judged.rule).sort()).toEqual(Object.keys(rule).sort());
  });
});

describe("createContractCheck() with a catalogue", () => {
  const values = new Set(["A-1", "7"]);
  const rule = { allowed_from: "skus" };
  const judge = (value: Json, catalogue: ReadonlySet<string> | null = values) =>
    createContractCheck(() => catalogue)({ outputs: { "lines[].sku": rule } }, null, {
      lines: [{ sku: "A-1" }, { sku: value }],
    });
  const found = (...given: Parameters<typeof judge>) => judge(...given).rules.map(({ isBroken }) => isBroken);

  it("finds a value outside it", () => expect(found("A-2")).toEqual([true]));
  it("finds nothing in a number that it holds as text", () => expect(found(7)).toEqual([false]));
  it("finds an object where a value was meant", () => expect(found({ id: 7 })).toEqual([true]));
  it("gives no verdict on a value that was redacted", () => expect(found("[email:0123abcd]")).toEqual([]));
  it("gives no verdict while the values are not known, and says why", () => {
    expect(judge("A-2", null)).toEqual({
      findings: [],
      rules: [],
      unjudged: [{ field: "output.lines[].sku", rule: "allowed_from", why: "the catalogue was never read" }],
    });
  });
  it("says nothing where it had nothing to judge", () =>
    expect([judge("[email:0123abcd]"), judge("A-1")].flatMap(({ unjudged }) => unjudged)).toEqual([]));
});

describe("createContractCheck() with a JSON Schema", () => {
  const schema = {
    type: "object",
    required: ["vendor"],
    properties: {
      vendor: { type: "string", maxLength: 12 },
      mail: { type: "string", format: "email" },
      lines: {
        type: "array",
        items: { type: "object", properties: { amount: { type: "number", minimum: 0 } } },
      },
    },
  };

  it("names fields and keywords, and counts the document as one rule", () => {
    const result = check({ outputs_schema: schema }, null, {
      mail: "nobody",
      lines: [{ amount: 1 }, { amount: -1 }, { amount: -2 }],
    });
    expect(result.findings).toEqual([
      { field: "output.vendor", rule: "required" },
      { field: "output.mail", rule: "format" },
      { field: "output.lines[].amount", rule: "minimum" },
    ]);
    expect(result.rules).toEqual([
      { field: "output", rule: "schema", signal: "output (schema)", isBroken: true },
    ]);
  });

  it("finds nothing in a text that was redacted, whatever its form", () => {
    const outputs = { vendor: "[phone:0123abcd]", mail: "[email:0123abcd]" };
    expect(check({ outputs_schema: schema }, null, outputs).findings).toEqual([]);
  });

  it("takes no schema whose answer would be a promise: a run that breaks it would end the process", () => {
    const refused = { kind: "refused", why: "must be a JSON Schema without '$async'" };
    expect(compileSchema({ ...schema, $async: true }, "output")).toEqual(refused);
  });

  it("takes no schema that leads back to itself without end", () => {
    const refused = {
      kind: "refused",
      why: "must be a JSON Schema that does not lead back to itself without end",
    };
    expect(compileSchema({ allOf: [{ $ref: "#" }] }, "output")).toEqual(refused);
  });

  it("gives no verdict on a document that is too deep for a schema that follows it down", () => {
    let deep: Json = {};
    for (let n = 0; n < 50_000; n += 1) deep = { a: deep };
    const following = { type: "object", properties: { a: { $ref: "#" } } };
    expect(check({ outputs_schema: following }, null, deep).rules).toEqual([]);
  });

  /** Each level is looked at by three ways, which all lead back to the schema. */
  const branching = {
    anyOf: ["a", "b", "c"].map((name) => ({
      type: "object",
      required: [name],
      properties: { child: { $ref: "#" } },
    })),
  };
  const nested = (depth: number): Json => (depth === 0 ? { d: 1 } : { child: nested(depth - 1) });

  it("gives no verdict on a document that branches of a schema would look at too often", () => {
    const result = check({ outputs_schema: branching }, null, nested(11));
    const unjudged = [{ field: "output", rule: "schema", why: "too much to be judged" }];
    expect(result).toEqual({ findings: [], rules: [], unjudged });
    expect(check({ outputs_schema: branching }, null, nested(2)).rules).toMatchObject([{ isBroken: true }]);
  });

  it("follows a schema of 2019-09 and 2020-12 back to itself no further than that", () => {
    const back = { $dynamicRef: "#node" };
    const ways = [0, 1, 2].map(() => ({ properties: { child: back } }));
    const newer = { $id: "https://example.test/tree", $dynamicAnchor: "node", allOf: ways };
    expect(check({ outputs_schema: newer }, null, nested(11)).rules).toEqual([]);
    const older = JSON.parse(
      JSON.stringify({
        ...newer,
        $schema: "https://json-schema.org/draft/2019-09/schema",
        $dynamicAnchor: undefined,
        $recursiveAnchor: true,
      }).replaceAll('"$dynamicRef":"#node"', '"$recursiveRef":"#"'),
    );
    expect(check({ outputs_schema: older }, null, nested(11)).rules).toEqual([]);
  });

  it("judges the largest document that is kept, with a reference for each item", () => {
    const $defs = {
      amount: { type: "number" },
      line: { properties: { amount: { $ref: "#/$defs/amount" } } },
    };
    const items = { $defs, type: "array", items: { $ref: "#/$defs/line" } };
    const outputs = Array.from({ length: 5_000 }, (_, n) => ({ amount: n === 4_999 ? "x" : n }));
    expect(check({ outputs_schema: items }, null, outputs).findings).toEqual([
      { field: "output[].amount", rule: "type" },
    ]);
  });

  it("tells equal items of a long list apart from others, whatever the order of their members", () => {
    const unique = { type: "array", uniqueItems: true };
    const items = Array.from({ length: 20_000 }, (_, n) => ({ n, text: "a", same: [n] }));
    const found = (outputs: Json) => check({ outputs_schema: unique }, null, outputs).findings;
    expect(found(items)).toEqual([]);
    expect(found([...items, { same: [7], text: "a", n: 7 }])).toEqual([
      { field: "output", rule: "uniqueItems" },
    ]);
  });

  it("looks at each character of a text once, whatever the pattern", () => {
    const slow = { type: "object", patternProperties: { "^(a+)+$": { pattern: "^(b+)+$" } } };
    const long = "a".repeat(60_000);
    expect(
      check({ outputs_schema: slow }, null, { [`${long}!`]: 1, aa: `${"b".repeat(60_000)}!` }).findings,
    ).toEqual([{ field: "output.aa", rule: "pattern" }]);
  });

  it("carries no value of the run", () => {
    const result = check({ outputs_schema: schema }, null, {
      vendor: "a long secret name",
      mail: "my secret",
    });
    expect(JSON.stringify(result)).not.toContain("secret");
  });
});

describe("createContractCheck() with demands", () => {
  const rules = { a: { required: true, demand_review: true }, b: { required: true } };

  it("marks the findings that demand a review", () => {
    expect(check({ outputs: rules }, null, {}).findings).toEqual([
      { field: "output.a", rule: "required", review: true },
      { field: "output.b", rule: "required" },
    ]);
  });

  it("marks all where the contract demands it", () => {
    const contract = { outputs: { b: { required: true } }, demand_review: true };
    expect(check(contract, null, {}).findings).toMatchObject([{ review: true }]);
  });
});
