import type { Cell } from "../life.ts";
import { type QuietResult, runQuiet } from "../quiet.ts";
import { type Section, seeds } from "../section.ts";
import { type SplitResult, splitQuiet } from "../splitting.ts";
import { poissonUpper, ratioOf, sum } from "../statistics.ts";
import type { Row } from "../table.ts";

interface PauseUnit {
  how: "splitting" | "plain";
  budget: number;
  seed: number;
}

const cell: Cell = { world: "real", perDay: 480, start: { days: 28 } };
const days = 60;
/** A budget at which plain simulation sees enough to check the estimator against it. */
const checkBudget = 30;

/** False pauses and false alarms by splitting, and the estimator beside plain simulation where both work. */
export const pauses: Section<PauseUnit, SplitResult | QuietResult> = {
  name: "pauses",
  units(settings) {
    return seeds(settings, settings.long ? 150 : 16, 300).flatMap((seed, at): PauseUnit[] => {
      const real: PauseUnit = { how: "splitting", budget: 1, seed };
      if (at % 3 !== 0) return [real];
      const check = { budget: checkBudget, seed };
      return [real, { how: "splitting", ...check }, { how: "plain", ...check }];
    });
  },
  run: ({ how, budget, seed }) =>
    how === "splitting" ? splitQuiet(cell, seed, days, budget) : runQuiet(cell, seed, days, budget),
  rows(done) {
    const results = (how: PauseUnit["how"], budget: number): (SplitResult | QuietResult)[] =>
      done.filter(({ unit }) => unit.how === how && unit.budget === budget).map(({ result }) => result);
    const split = results("splitting", 1);
    if (split.length === 0) return [];
    return [
      splitRow("false pauses", "restless, 480 a day, by splitting", split, 30_000, 1),
      splitRow("false alarms", "restless, 480 a day, baseline 28 days, by splitting", split, 1000, 1),
      ...(["falseAlarms", "falsePauses"] as const).flatMap((what) => [
        checkRow(what, "splitting", results("splitting", checkBudget)),
        checkRow(what, "plain", results("plain", checkBudget)),
      ]),
    ];
  },
};

function splitRow(
  group: "false pauses" | "false alarms",
  name: string,
  results: readonly (SplitResult | QuietResult)[],
  per: number,
  bar: number,
): Row {
  const what = group === "false pauses" ? "falsePauses" : "falseAlarms";
  const { ratio, upper } = ratioOf(
    results.map((result) => ({ count: result[what], days: result.workflowDays })),
  );
  const cost = sum(results.map((result) => ("simulatedDays" in result ? result.simulatedDays : 0)));
  const basis = `${results.length} workflows of ${days} days, ${Math.round(cost)} days simulated`;
  const unit = `per ${per.toLocaleString("en")} workflow-days`;
  return { group, name, figure: per * ratio, upper: per * upper, bar, unit, basis };
}

function checkRow(
  what: "falseAlarms" | "falsePauses",
  how: PauseUnit["how"],
  results: readonly (SplitResult | QuietResult)[],
): Row {
  const lived = sum(results.map(({ workflowDays }) => workflowDays));
  const count = sum(results.map((result) => result[what]));
  const upper =
    how === "plain"
      ? poissonUpper(count) / lived
      : ratioOf(results.map((result) => ({ count: result[what], days: result.workflowDays }))).upper;
  return {
    group: "splitting checked",
    name: `${what === "falseAlarms" ? "false alarms" : "false pauses"} at ${checkBudget} × the budget, ${how}`,
    figure: (1000 * count) / lived,
    upper: 1000 * upper,
    bar: null,
    unit: "per 1,000 workflow-days",
    basis: `${Math.round(lived)} workflow-days`,
  };
}
