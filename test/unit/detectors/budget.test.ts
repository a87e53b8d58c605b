import { describe, expect, it } from "vitest";
import { alarmLevel, aloneLevel, workflowDays } from "../../../src/detectors/budget.ts";

describe("alarmLevel()", () => {
  const days = workflowDays({ falseAlarmsPer1000WorkflowDays: 1 });
  const alone = aloneLevel(30, days);

  const cases = [
    { why: "splits the budget over the signals", logs: [20, 1, 1], level: alone },
    {
      why: "asks less of signals that move together",
      logs: [alone - 0.6, alone - 0.5],
      level: alone - Math.log(2),
    },
    { why: "does not where they are too weak together", logs: [alone - 0.9, alone - 0.1], level: alone },
    {
      why: "never asks less than the workflow's budget",
      logs: Array.from({ length: 30 }, () => Math.log(days)),
      level: Math.log(days),
    },
    { why: "has a level without any evidence", logs: [], level: alone },
  ];
  it.each(cases)("alarmLevel() $why", ({ logs, level }) => {
    expect(alarmLevel(logs, 30, days)).toBeCloseTo(level, 9);
  });

  it("aloneLevel() grows with the signals and shrinks with the budget", () => {
    expect(aloneLevel(60, days) - aloneLevel(30, days)).toBeCloseTo(Math.log(2), 9);
    expect(aloneLevel(30, workflowDays({ falseAlarmsPer1000WorkflowDays: 10 }))).toBeLessThan(alone);
  });
});
