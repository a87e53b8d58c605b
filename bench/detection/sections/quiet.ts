import type { Cell, Start } from "../life.ts";
import { type QuietResult, runQuiet } from "../quiet.ts";
import { type Section, seeds } from "../section.ts";
import { poissonUpper, sum } from "../statistics.ts";
import type { Row } from "../table.ts";
import type { World } from "../world.ts";

interface QuietUnit {
  cell: Cell;
  seed: number;
  days: number;
}

/** False alarms on data that never changes, in every cell of the table. */
export const quiet: Section<QuietUnit, QuietResult> = {
  name: "quiet",
  units(settings) {
    const most = settings.long ? 54 : 6;
    // A third of a headline's replications for the others, all cells by turns: a run that is cut short covers all.
    return seeds(settings, most).flatMap((seed, at) =>
      cells
        // A workflow of its own for every cell: what one sees by chance another must not see again.
        .map((cell, index) => ({ cell, seed: seed + index * most, days: cell.perDay === 10 ? 180 : 60 }))
        .filter(({ cell }) => isHeadline(cell) || at % 3 === 0)
        .filter(({ cell }) => settings.long || isHeadline(cell) || at === 0),
    );
  },
  run: ({ cell, seed, days }) => runQuiet(cell, seed, days),
  rows(done) {
    const own = (cell: Cell): QuietResult[] =>
      done.filter(({ unit }) => cellName(unit.cell) === cellName(cell)).map(({ result }) => result);
    const single = cells.flatMap((cell) => alarmRows(cellName(cell), own(cell), isHeadline(cell) ? 1 : 3));
    const volumes = [...new Set(cells.map(({ perDay }) => perDay))];
    const pooled = volumes.flatMap((perDay) =>
      alarmRows(
        `${perDay} a day, all worlds and baselines`,
        cells.filter((cell) => cell.perDay === perDay).flatMap(own),
        3,
      ),
    );
    return [...single, ...pooled];
  },
};

function alarmRows(name: string, own: readonly QuietResult[], bar: number): Row[] {
  if (own.length === 0) return [];
  const days = sum(own.map(({ workflowDays }) => workflowDays));
  const alarms = sum(own.map(({ falseAlarms }) => falseAlarms));
  return [
    {
      group: "false alarms",
      name,
      figure: (1000 * alarms) / days,
      upper: (1000 * poissonUpper(alarms)) / days,
      bar,
      unit: "per 1,000 workflow-days",
      basis: `${alarms} in ${days} workflow-days, ${own.length} workflows`,
    },
  ];
}

const cells: Cell[] = (["iid", "seasonal", "real"] satisfies World[]).flatMap((world) =>
  [10, 480, 20_000, 1_000_000].flatMap((perDay) =>
    ([{ runs: 100 }, { runs: 1000 }, { days: 14 }, { days: 28 }] satisfies Start[]).map((start) => ({
      world,
      perDay,
      start,
    })),
  ),
);

/** The cell with the sharper bar. */
function isHeadline({ world, perDay, start }: Cell): boolean {
  return world === "real" && perDay === 480 && "days" in start && start.days === 28;
}

/** A cell in words. */
export function cellName({ world, perDay, start }: Cell): string {
  const baseline = "runs" in start ? `${start.runs} runs` : `${start.days} days`;
  return `${world === "real" ? "restless" : world}, ${perDay} a day, baseline ${baseline}`;
}
