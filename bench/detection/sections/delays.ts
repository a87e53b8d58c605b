import { hourMs } from "../../../src/model/clock.ts";
import { type DelayCase, delayCases, type DelayResult, runDelays } from "../delay.ts";
import { type Section, seeds } from "../section.ts";
import { median, sum } from "../statistics.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

/** Bars on the median delay in runs, by world and case. */
const delayBars: Record<string, number> = {
  "iid rate 2 → 20 %": 100,
  "iid rate 1 → 5 %": 500,
  "iid rate 10 → 20 %": 400,
  "iid category TV .2": 140,
  "iid category TV .1": 650,
  "iid number + .5 sd": 200,
  "real rate 2 → 20 %": 155,
  "real rate 10 → 20 %": 1200,
  "real number + .5 sd": 600,
};
const largeChanges: readonly string[] = ["rate 2 → 20 %", "rate .1 → 100 %"];

interface DelayUnit {
  world: World;
  seed: number;
}

/** Median delay, misses and onset error of each kind of change at 480 runs a day. */
export const delays: Section<DelayUnit, DelayResult[]> = {
  name: "delays",
  units: (settings) =>
    seeds(settings, settings.long ? 100 : 20).flatMap((seed) =>
      (["iid", "real"] as const).map((world) => ({ world, seed })),
    ),
  run: ({ world, seed }) => runDelays({ world, perDay: 480, baselineDays: 28 }, delayCases, seed),
  rows: (done) =>
    (["iid", "real"] as const).flatMap((world) =>
      delayCases.flatMap(({ name }) => {
        const own = done.filter(({ unit }) => unit.world === world).flatMap(({ result }) => result);
        return caseRows(
          world,
          name,
          own.filter((result) => result.name === name),
        );
      }),
    ),
};

function caseRows(world: World, name: string, all: readonly DelayResult[]): Row[] {
  const found = all.filter(({ runs }) => runs !== -1);
  if (found.length === 0) return [];
  const basis = `${found.length} replications`;
  const label = `${world === "real" ? "restless" : world}, ${name}`;
  const seen = found.filter(({ runs }) => runs !== null);
  const onset = median(seen.map(({ onsetErrorMs }) => Math.abs(onsetErrorMs) / hourMs));
  return [
    {
      group: "delay",
      name: label,
      figure: median(found.map(({ runs }) => runs ?? Infinity)),
      bar: delayBars[`${world} ${name}`] ?? null,
      unit: "runs, median",
      basis,
    },
    {
      group: "missed",
      name: label,
      figure: missedPercent(found),
      bar: 1,
      unit: "% within 10,000 runs",
      basis,
    },
    {
      group: "onset error",
      name: label,
      figure: Number.isNaN(onset) ? null : onset,
      bar: largeChanges.includes(name) ? 2 : null,
      unit: "hours, median",
      basis,
    },
    {
      group: "onset outside its interval",
      name: label,
      figure:
        seen.length === 0
          ? null
          : (100 * sum(seen.map(({ onsetOutside }) => Number(onsetOutside)))) / seen.length,
      bar: 20,
      unit: "% of those found",
      basis,
    },
  ];
}

/** What other budgets than the default cost in delay. */
const frontierBudgets = [0.1, 1, 10, 100];
const frontierCases = delayCases.filter(({ name }) =>
  ["rate 2 → 20 %", "rate 1 → 5 %", "rate 10 → 20 %", "category TV .1", "number + .5 sd"].includes(name),
);

interface FrontierUnit extends DelayUnit {
  budget: number;
}

/** Median delay against the budget. */
export const frontier: Section<FrontierUnit, DelayResult[]> = {
  name: "frontier",
  units: (settings) =>
    seeds(settings, settings.long ? 40 : 4, 200).flatMap((seed) =>
      (["iid", "real"] as const).flatMap((world) =>
        frontierBudgets.map((budget) => ({ world, budget, seed })),
      ),
    ),
  run: ({ world, budget, seed }) =>
    runDelays({ world, perDay: 480, baselineDays: 28, budget }, frontierCases, seed),
  rows: (done) =>
    (["iid", "real"] as const).flatMap((world) =>
      frontierCases.flatMap(({ name }) =>
        frontierBudgets.flatMap((budget): Row[] => {
          const own = done.filter(({ unit }) => unit.world === world && unit.budget === budget);
          const found = own
            .flatMap(({ result }) => result)
            .filter((result) => result.name === name && result.runs !== -1);
          if (found.length === 0) return [];
          return [
            {
              group: "frontier",
              name: `${world === "real" ? "restless" : world}, ${name}, budget ${budget} per 1,000 days`,
              figure: median(found.map(({ runs }) => runs ?? Infinity)),
              bar: null,
              unit: "runs, median",
              basis: `${found.length} replications`,
            },
          ];
        }),
      ),
    ),
};

/** The workflow of ten runs a day. */
export const lowVolume: Section<number, DelayResult[]> = {
  name: "low",
  units: (settings) => seeds(settings, settings.long ? 300 : 60),
  run: (seed) => runDelays({ world: "iid", perDay: 10, baselineDays: 28 }, lowVolumeCases, seed),
  rows(done) {
    const found = done.flatMap(({ result }) => result).filter(({ runs }) => runs !== -1);
    if (found.length === 0) return [];
    return [
      {
        group: "missed",
        name: "iid, 10 a day, 280 in the baseline, 10 → 20 %",
        figure: missedPercent(found),
        bar: 10,
        unit: "% within 1,200 runs",
        basis: `${found.length} replications`,
      },
    ];
  },
};

const lowVolumeCases: DelayCase[] = delayCases
  .filter(({ name }) => name === "rate 10 → 20 %")
  .map((one) => ({ ...one, runsMax: 1200 }));

function missedPercent(found: readonly DelayResult[]): number {
  return (100 * found.filter(({ runs }) => runs === null).length) / found.length;
}
