import { describe, expect, it } from "vitest";
import { createContractCheck } from "../../../src/collector/contract.ts";
import type { FieldRule } from "../../../src/model/contract.ts";
import type { Json } from "../../../src/model/json.ts";

const check = createContractCheck();

const relations: {
  why: string;
  field: string;
  rule: FieldRule;
  inputs?: Json;
  outputs: Json;
  broken: string[];
  judged?: number;
}[] = [
  {
    why: "a total that its lines do not add up to",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 10, lines: [{ amount: 4 }, { amount: "5.00" }] },
    broken: ["equals_sum_of"],
  },
  {
    why: "nothing in cents that binary numbers cannot hold",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 0.3, lines: [{ amount: 0.1 }, { amount: 0.2 }] },
    broken: [],
  },
  {
    why: "nothing in a difference of the tolerance",
    field: "total",
    rule: { equals_sum_of: "lines[].amount", tolerance: 0.1 },
    outputs: { total: 1.1, lines: [{ amount: 1 }] },
    broken: [],
  },
  {
    why: "a total without lines",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 10, lines: [] },
    broken: ["equals_sum_of"],
  },
  {
    why: "no verdict where there is no list",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 10 },
    broken: [],
    judged: 0,
  },
  {
    why: "no verdict where an addend is no number",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 10, lines: [{ amount: "ten" }] },
    broken: [],
    judged: 0,
  },
  {
    why: "a sum over more items than other rules look at",
    field: "total",
    rule: { equals_sum_of: "lines[].amount" },
    outputs: { total: 150, lines: Array.from({ length: 151 }, () => ({ amount: 1 })) },
    broken: ["equals_sum_of"],
  },
  {
    why: "a due date before the invoice's",
    field: "due",
    rule: { not_before: "date" },
    outputs: { due: "2026-01-31", date: "2026-02-01" },
    broken: ["not_before"],
  },
  {
    why: "nothing in the same day",
    field: "due",
    rule: { not_before: "date" },
    outputs: { due: "2026-02-01", date: "2026-02-01" },
    broken: [],
  },
  {
    why: "another customer than the one that came in",
    field: "customer.id",
    rule: { equals: "input.customer_id" },
    inputs: { customer_id: "7" },
    outputs: { customer: { id: 8 } },
    broken: ["equals"],
  },
  {
    why: "nothing in the same number as text",
    field: "customer.id",
    rule: { equals: "input.customer_id" },
    inputs: { customer_id: "7.0" },
    outputs: { customer: { id: 7 } },
    broken: [],
  },
  {
    why: "a field that another's value makes required",
    field: "iban",
    rule: { required_if: { field: "method", is: ["transfer"] } },
    outputs: { method: "transfer" },
    broken: ["required_if"],
  },
  {
    why: "nothing where the other has another value",
    field: "iban",
    rule: { required_if: { field: "method", is: ["transfer"] } },
    outputs: { method: "card" },
    broken: [],
  },
  {
    why: "a field that another's presence makes required",
    field: "reason",
    rule: { required_if: { field: "discount" } },
    outputs: { discount: 5 },
    broken: ["required_if"],
  },
];

describe("createContractCheck() across fields", () => {
  it.each(relations)("finds $why", ({ field, rule, inputs = null, outputs, broken, judged = 1 }) => {
    const result = check({ outputs: { [field]: rule } }, inputs, outputs);
    expect(result.findings).toEqual(broken.map((name) => ({ field: `output.${field}`, rule: name })));
    expect(result.rules).toHaveLength(judged);
  });
});

describe("createContractCheck() on a rule across fields that it cannot judge", () => {
  const rules = {
    total: { equals_sum_of: "lines[].amount" },
    due: { not_before: "dates[]" },
    customer: { equals: "input.customer" },
  };
  const cases: { why: string; field: keyof typeof rules; inputs?: Json; outputs: Json; doubt: string[] }[] = [
    { why: "a missing total", field: "total", outputs: { lines: [] }, doubt: ["a number is missing"] },
    { why: "a missing list", field: "total", outputs: { total: 10 }, doubt: ["a number is missing"] },
    {
      why: "a list that is none",
      field: "total",
      outputs: { lines: "10" },
      doubt: ["a number is missing"],
    },
    {
      why: "a total in words",
      field: "total",
      outputs: { total: "ten", lines: [{ amount: 10 }] },
      doubt: ["a number is missing"],
    },
    {
      why: "one date in words among several",
      field: "due",
      outputs: { due: "2026-02-01", dates: ["2026-01-01", "soon"] },
      doubt: ["a date is missing"],
    },
    { why: "no other date", field: "due", outputs: { due: "2026-02-01" }, doubt: ["a date is missing"] },
    {
      why: "inputs that were not given",
      field: "customer",
      outputs: { customer: 7 },
      doubt: ["nothing to compare with"],
    },
    { why: "neither field", field: "customer", inputs: { customer: " " }, outputs: {}, doubt: [] },
    { why: "neither number", field: "total", outputs: { lines: null }, doubt: [] },
  ];
  it.each(cases)("counts nothing, and says what is in doubt: $why", ({ field, inputs, outputs, doubt }) => {
    const [rule = ""] = Object.keys(rules[field]);
    expect(check({ outputs: { [field]: rules[field] } }, inputs ?? null, outputs)).toEqual({
      findings: [],
      rules: [],
      unjudged: doubt.map((why) => ({ field: `output.${field}`, rule, why })),
    });
  });

  it("finds the date that lies before, whatever stands beside it", () => {
    const outputs = { due: "2026-02-01", dates: ["soon", "2026-03-01"] };
    expect(check({ outputs: { due: rules.due } }, null, outputs).rules).toMatchObject([{ isBroken: true }]);
  });
});
