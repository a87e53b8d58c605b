import { describe, expect, it } from "vitest";
import { judgeReadiness } from "../../../src/review/readiness.ts";

const criteria = { decisionsMin: 100, agreementMin: 0.95, fields: { total: 0.8, note: 0 }, windowDays: 28 };
const seen = (decisions: number, ...fields: [string, number, number][]) => ({
  version: "v2",
  decisions,
  fields: [
    { field: "", agreed: 0, differed: decisions },
    ...fields.map(([field, agreed, differed]) => ({ field, agreed, differed })),
  ],
  drifts: [] as string[],
});

const cases = [
  {
    why: "passes once every interval lies above its target, a field's own target first",
    given: seen(200, ["output.category", 198, 2], ["output.total", 180, 20], ["output.note", 0, 200]),
    mark: "pass",
    says: /^Ready to switch on: 200 decisions on version `v2`/,
  },
  {
    why: "waits for enough decisions, however well they agree",
    given: seen(99, ["output.category", 99, 0]),
    mark: "not enough yet",
    says: /99 of 100 decisions on version `v2` so far/,
  },
  {
    why: "waits while an interval holds the target",
    given: seen(100, ["output.category", 97, 3]),
    mark: "not enough yet",
    says: /`output.category` agrees in 97 % \(92–99 %\) of 100, and must in 95 %/,
  },
  {
    why: "fails once an interval lies below the target, also before there are enough",
    given: seen(60, ["output.category", 40, 20]),
    mark: "fail",
    says: /^Not ready: `output.category` agrees in 67 %/,
  },
  {
    why: "fails while something drifts",
    given: { ...seen(200, ["output.category", 200, 0]), drifts: ["It leans"] },
    mark: "fail",
    says: /^Not ready: It leans\.$/,
  },
  {
    why: "says nothing without decisions",
    given: seen(0),
    mark: "not enough yet",
    says: /^Not enough yet: 0 of/,
  },
];

describe("judgeReadiness()", () => {
  it.each(cases)("$why", ({ given, mark, says }) => {
    const judged = judgeReadiness(criteria, given);
    expect(judged.mark).toBe(mark);
    expect(judged.says).toMatch(says);
  });
});
