import { describe, expect, it } from "vitest";
import { type Criterion, judgeAudit, judgeCriterion, markCard } from "../../../src/review/scorecard.ts";

const criterion: Criterion = {
  metric: "override_rate",
  field: "",
  atMost: 0.1,
  atLeast: null,
  windowDays: 7,
  runsMin: 50,
  windows: 2,
};
const figure = (value: number | null, runs: number) => ({ fromMs: 0, toMs: 1, value, runs });

describe("judgeCriterion()", () => {
  const cases = [
    { why: "passes when every window holds", seen: [figure(0.05, 60), figure(0.1, 50)], mark: "pass" },
    { why: "fails when any window breaks it", seen: [figure(0.05, 60), figure(0.2, 60)], mark: "fail" },
    {
      why: "fails on the newest window even where the older is thin",
      seen: [figure(0.2, 60), figure(0.2, 3)],
      mark: "fail",
    },
    {
      why: "is not enough with too few runs, however good",
      seen: [figure(0, 49), figure(0, 60)],
      mark: "not enough yet",
    },
    {
      why: "is not enough with too few runs, however bad",
      seen: [figure(1, 49), figure(0, 60)],
      mark: "not enough yet",
    },
    {
      why: "is not enough where nothing was seen",
      seen: [figure(null, 0), figure(0, 60)],
      mark: "not enough yet",
    },
    { why: "is not enough before all windows have passed", seen: [figure(0, 60)], mark: "not enough yet" },
  ];
  it.each(cases)("$why", ({ seen, mark }) => expect(judgeCriterion(criterion, seen).mark).toBe(mark));

  it("takes a lower bound as well", () => {
    const least = { ...criterion, atMost: null, atLeast: 10, windows: 1 };
    expect(judgeCriterion(least, [figure(9, 60)]).mark).toBe("fail");
    expect(judgeCriterion(least, [figure(10, 60)]).mark).toBe("pass");
  });
});

describe("judgeAudit()", () => {
  const cases = [
    { why: "passes at one in five", audit: { usable: 30, minorEdits: 10, unusable: 10 }, mark: "pass" },
    {
      why: "fails past one in five, also before it is complete",
      audit: { usable: 0, minorEdits: 0, unusable: 11 },
      mark: "fail",
    },
    {
      why: "is not enough before it is complete",
      audit: { usable: 49, minorEdits: 0, unusable: 0 },
      mark: "not enough yet",
    },
  ];
  it.each(cases)("$why", ({ audit, mark }) => expect(judgeAudit({ atMs: 0, runs: 50, ...audit })).toBe(mark));

  it("never passes an audit of nothing", () => {
    expect(judgeAudit({ atMs: 0, runs: 0, usable: 0, minorEdits: 0, unusable: 0 })).toBe("not enough yet");
  });
});

describe("markCard()", () => {
  it.each([
    [[], "not enough yet"],
    [["pass", "pass"], "pass"],
    [["pass", "not enough yet"], "not enough yet"],
    [["not enough yet", "fail"], "fail"],
  ] as const)("%j is %s", (marks, mark) => expect(markCard(marks)).toBe(mark));
});
