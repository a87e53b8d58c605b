import { describe, expect, it } from "vitest";
import { createContractCheck } from "../../../src/collector/contract.ts";
import { createContractLearner } from "../../../src/commands/contract-infer.ts";
import type { Json } from "../../../src/model/json.ts";

/** What is proposed from the values, by path. */
function learn(values: Iterable<Json>) {
  const learner = createContractLearner();
  for (const value of values) learner.add(value);
  return Object.fromEntries(learner.propose().map(({ path, rule, remark }) => [path, { rule, remark }]));
}

const repeat = (value: (at: number) => Json, count = 200): Json[] =>
  Array.from({ length: count }, (_, at) => value(at));

describe("createContractLearner()", () => {
  const cases = [
    {
      why: "a field that is always there",
      value: () => ({ a: "x y z" }),
      rule: { required: true, type: "string" },
    },
    {
      why: "whole numbers",
      value: (at: number) => ({ a: at - 3 }),
      rule: { required: true, type: "integer" },
    },
    {
      why: "numbers that are never negative",
      value: (at: number) => ({ a: at / 3 }),
      rule: { required: true, type: "number", minimum: 0 },
    },
    {
      why: "words that repeat",
      value: (at: number) => ({ a: ["it", "it", "rent"][at % 3]! }),
      rule: { required: true, type: "string", allowed: ["it", "rent"] },
    },
    {
      why: "dates",
      value: (at: number) => ({
        a: `2026-${String((at % 12) + 1).padStart(2, "0")}-${String((at % 28) + 1).padStart(2, "0")}`,
      }),
      rule: { required: true, type: "string", format: "date" },
    },
    {
      why: "one value for ever, which is no list",
      value: () => ({ a: "same" }),
      rule: { required: true, type: "string" },
    },
    {
      why: "redacted values, which are no list either",
      value: (at: number) => ({ a: `[email:0000000${at % 2}]` }),
      rule: { required: true, type: "string", format: "email" },
    },
    {
      why: "a field of two types",
      value: (at: number) => ({ a: at % 2 === 0 ? 1 : "one of them" }),
      rule: { required: true },
    },
    {
      why: "a field that is often empty",
      value: (at: number) => ({ a: at % 4 === 0 ? "" : `text ${at}` }),
      rule: { type: "string" },
    },
  ];
  it.each(cases)("createContractLearner() proposes for $why", ({ value, rule }) => {
    expect(learn(repeat(value)).a?.rule).toEqual(rule);
  });

  it("createContractLearner() counts a member as missing in objects that came before it was first seen", () => {
    const found = learn(repeat((at) => (at < 2 ? { b: 1 } : { a: `text ${at}`, b: 1 })));
    expect(found.a?.rule.required).toBeUndefined();
    expect(found.a?.remark).toContain("empty in 1.0 % of runs");
  });

  it("createContractLearner() goes into objects and the items of lists", () => {
    const found = learn(
      repeat((at) => ({ vendor: { name: `n ${at}` }, lines: [{ net: 1.5 }, { net: at }], tags: ["a"] })),
    );
    expect(Object.keys(found)).toEqual(["lines", "lines[].net", "tags", "vendor", "vendor.name"]);
    expect(found["lines[].net"]?.rule).toEqual({ required: true, type: "number", minimum: 0 });
  });

  it("createContractLearner() leaves out names that a path cannot spell", () => {
    expect(Object.keys(learn(repeat(() => ({ "a.b": 1, "c[]": 1, d: 1 }))))).toEqual(["d"]);
  });

  it("createContractLearner() proposes nothing that a learned value breaks", () => {
    let state = 7;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const pick = (at: number): Json =>
      [
        null,
        "",
        "n/a",
        "a@b.test",
        "2026-02-30",
        at,
        -at,
        0.5,
        true,
        [],
        [{ x: at % 3 }, {}],
        [1, "x"],
        { y: at },
        {},
      ][Math.floor(random() * 14)] ?? null;
    const values = repeat(
      (at) => ({ a: pick(at), b: { c: pick(at), d: pick(at) }, e: at % 2 === 0 ? pick(at) : "word" }),
      2_000,
    );
    const rules = Object.fromEntries(Object.entries(learn(values)).map(([path, { rule }]) => [path, rule]));
    expect(Object.keys(rules).length).toBeGreaterThan(3);
    const check = createContractCheck();
    for (const value of values) expect(check({ outputs: rules }, null, value).findings).toEqual([]);
  });

  it("createContractLearner() holds a bounded number of fields", () => {
    const learner = createContractLearner();
    for (let at = 0; at < 1_000; at++) learner.add({ [`field ${at}`]: 1, steady: 1 });
    expect(learner.propose().length).toBeLessThanOrEqual(200);
  });
});
