import { existsSync } from "node:fs";
import { join } from "node:path";
import { hourMs } from "../../src/model/clock.ts";
import { measureCost } from "./cost.ts";
import { councils, replayCouncil } from "./council.ts";
import { type DelayCase, delayCases, type DelayResult, median, runDelays } from "./delay.ts";
import { type Cell, runQuiet, type Start } from "./quiet.ts";
import type { Row } from "./table.ts";
import type { World } from "./world.ts";

/** How much to simulate. */
export interface Effort {
  seed: number;
  long: boolean;
  /** Says what is being done. */
  note: (text: string) => void;
}

/** False alarms and pauses on data that never changes. */
export function quietRows({ seed, long, note }: Effort): Row[] {
  return cells(long).flatMap((cell) => {
    const name = `${cell.world}, ${cell.perDay} a day, baseline ${startName(cell.start)}`;
    note(`quiet: ${name}`);
    const days = cell.perDay === 10 ? 300 : cell.perDay === 480 ? 150 : 60;
    const replications = long ? 12 : cell.perDay === 480 ? 4 : 2;
    const results = Array.from({ length: replications }, (_, at) => runQuiet(cell, seed + at, days));
    const sum = (of: (result: (typeof results)[number]) => number): number =>
      results.reduce((all, result) => all + of(result), 0);
    const workflowDays = sum((result) => result.workflowDays);
    const basis = `${workflowDays} workflow-days`;
    const strict =
      cell.perDay === 480 && cell.world === "real" && "days" in cell.start && cell.start.days === 28;
    const rate = (1000 * sum(({ falseAlarms }) => falseAlarms)) / workflowDays;
    return [
      {
        group: "false alarms",
        name,
        figure: rate,
        bar: strict ? 1 : 3,
        unit: "per 1,000 workflow-days",
        basis,
      },
    ];
  });
}

/**
 * False pauses, too rare to be seen: counted at thirty times the budget and divided by thirty. A pause needs
 * thirty times the evidence of an alert, and evidence that reaches A reaches 30 A at most once in thirty times.
 */
export function pauseRows({ seed, long, note }: Effort): Row[] {
  note("false pauses, at thirty times the budget");
  const cell: Cell = { world: "real", perDay: 480, start: { days: 28 } };
  const results = Array.from({ length: long ? 12 : 3 }, (_, at) => runQuiet(cell, seed + 500 + at, 150, 30));
  const workflowDays = results.reduce((sum, result) => sum + result.workflowDays, 0);
  const pauses = results.reduce((sum, { falsePauses }) => sum + falsePauses, 0);
  const figure = (30_000 * pauses) / workflowDays / 30;
  const basis = `${workflowDays} workflow-days at 30 × the budget, ${pauses} pauses`;
  return [
    {
      group: "false pauses",
      name: "real, 480 a day",
      figure,
      bar: 1,
      unit: "per 30,000 workflow-days",
      basis,
    },
  ];
}

function cells(long: boolean): Cell[] {
  const chosen: [World, number, Start][] = [
    ["real", 480, { days: 28 }],
    ["iid", 480, { days: 28 }],
    ["real", 480, { runs: 100 }],
    ["real", 10, { runs: 100 }],
    ["real", 20_000, { runs: 100 }],
    ["real", 20_000, { days: 28 }],
    ["real", 1_000_000, { runs: 100 }],
    ["real", 1_000_000, { days: 28 }],
  ];
  if (!long) return chosen.map(([world, perDay, start]) => ({ world, perDay, start }));
  const worlds: World[] = ["iid", "seasonal", "real"];
  const starts: Start[] = [{ runs: 100 }, { runs: 1000 }, { days: 14 }, { days: 28 }];
  return worlds.flatMap((world) =>
    [10, 480, 20_000, 1_000_000].flatMap((perDay) => starts.map((start) => ({ world, perDay, start }))),
  );
}

function startName(start: Start): string {
  return "runs" in start ? `${start.runs} runs` : `${start.days} days`;
}

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

/** Median delay, misses and onset error of each kind of change. */
export function delayRows({ seed, long, note }: Effort): Row[] {
  return (["iid", "real"] as const).flatMap((world) => {
    note(`delays: ${world}, 480 a day`);
    const replications = long ? 100 : 16;
    const results = new Map<string, DelayResult[]>();
    for (let at = 0; at < replications; at++) {
      for (const result of runDelays({ world, perDay: 480, baselineDays: 28 }, delayCases, seed + at)) {
        results.set(result.name, [...(results.get(result.name) ?? []), result]);
      }
    }
    return [...results].flatMap(([name, found]) => caseRows(world, name, found));
  });
}

function caseRows(world: World, name: string, found: readonly DelayResult[]): Row[] {
  const late = found.filter(({ runs }) => runs !== -1);
  const basis = `${late.length} replications`;
  const label = `${world}, ${name}`;
  const missed = (100 * late.filter(({ runs }) => runs === null).length) / late.length;
  const seen = late.filter(({ runs }) => runs !== null);
  const onset = median(seen.map(({ onsetErrorMs }) => Math.abs(onsetErrorMs) / hourMs));
  const large = name.startsWith("rate 2") || name.startsWith("rate .1");
  return [
    {
      group: "delay",
      name: label,
      figure: median(late.map(({ runs }) => runs ?? Infinity)),
      bar: delayBars[`${world} ${name}`] ?? null,
      unit: "runs, median",
      basis,
    },
    {
      group: "missed",
      name: label,
      figure: missed,
      bar: world === "iid" ? 1 : null,
      unit: "% within 10,000 runs",
      basis,
    },
    { group: "onset error", name: label, figure: onset, bar: large ? 2 : null, unit: "hours, median", basis },
  ];
}

/** The workflow of ten runs a day. */
export function lowVolumeRows({ seed, long, note }: Effort): Row[] {
  note("low volume");
  const base = delayCases.find(({ name }) => name === "rate 10 → 20 %");
  if (base === undefined) return [];
  const one: DelayCase = { ...base, runsMax: 1200 };
  const replications = long ? 200 : 30;
  const results = Array.from({ length: replications }, (_, at) =>
    runDelays({ world: "iid", perDay: 10, baselineDays: 28 }, [one], seed + at),
  ).flat();
  const late = results.filter(({ runs }) => runs !== -1);
  const figure = (100 * late.filter(({ runs }) => runs === null).length) / late.length;
  const name = "iid, 10 a day, 280 in the baseline, 10 → 20 %";
  return [
    {
      group: "missed",
      name,
      figure,
      bar: 10,
      unit: "% within 1,200 runs",
      basis: `${late.length} replications`,
    },
  ];
}

/** Real header changes in council invoices. */
export function councilRows(folder: string | null, { note }: Effort): Row[] {
  const data = folder === null ? null : join(folder, "council_spend");
  if (data === null || !existsSync(data)) {
    note("council invoices: absent. Give the folder with --data DIR or EVENKEEL_BENCH_DATA");
    return [];
  }
  const results = councils.map((council) => {
    note(`council invoices: ${council}`);
    return replayCouncil(data, council);
  });
  const signalDays = results.reduce((sum, result) => sum + result.signalDays, 0);
  const falseAlarms = results.reduce((sum, result) => sum + result.falseAlarms, 0);
  const basis = `${signalDays} signal-days, ${falseAlarms} alarms without a label`;
  return [
    ...results.map(({ council, labelled, foundFirstDay, runs }) => ({
      group: "header changes",
      name: `${council}, not found on the first changed day`,
      figure: labelled - foundFirstDay,
      bar: 0,
      unit: `of ${labelled}`,
      basis: `${runs} invoice lines`,
    })),
    {
      group: "header changes",
      name: "false alarms, all councils",
      figure: (1000 * falseAlarms) / signalDays,
      bar: 0.1,
      unit: "per 1,000 signal-days",
      basis,
    },
  ];
}

/** Time of a sweep and size of the state. */
export function costRows({ seed, note }: Effort): Row[] {
  note("cost of a sweep");
  const { signals, sweepMs, stateBytesMax, stateBytesMean } = measureCost(20_000, seed);
  const basis = `${signals} signals, one core`;
  return [
    { group: "cost", name: "sweep of 20,000 signals", figure: sweepMs, bar: 2000, unit: "ms", basis },
    {
      group: "cost",
      name: "largest state of a signal",
      figure: stateBytesMax,
      bar: 4096,
      unit: "bytes",
      basis,
    },
    {
      group: "cost",
      name: "mean state of a signal",
      figure: stateBytesMean,
      bar: null,
      unit: "bytes",
      basis,
    },
  ];
}

/** What a detector scores that always fires, at every look, and one that never does. */
export function trivialRows(): Row[] {
  const basis = "by definition";
  return [
    {
      group: "false alarms",
      name: "always fires, looked at hourly",
      figure: 24_000,
      bar: null,
      unit: "per 1,000 workflow-days",
      basis,
    },
    { group: "delay", name: "always fires", figure: 1, bar: null, unit: "runs, median", basis },
    {
      group: "false alarms",
      name: "never fires",
      figure: 0,
      bar: null,
      unit: "per 1,000 workflow-days",
      basis,
    },
    { group: "missed", name: "never fires", figure: 100, bar: null, unit: "% within 10,000 runs", basis },
  ];
}
