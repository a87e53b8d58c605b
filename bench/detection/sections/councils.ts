import { existsSync } from "node:fs";
import { join } from "node:path";
import { councils, type CouncilResult, replayCouncil } from "../council.ts";
import { noData, type Section } from "../section.ts";
import { sum } from "../statistics.ts";
import type { Row } from "../table.ts";

interface CouncilUnit {
  folder: string;
  council: string;
}

/** Real header changes in council invoices. */
export const councilInvoices: Section<CouncilUnit, CouncilResult> = {
  name: "council",
  units({ data }) {
    const folder = join(data ?? "", "council_spend");
    if (data === null || !existsSync(folder)) return [];
    return councils.map((council) => ({ folder, council }));
  },
  run: ({ folder, council }) => replayCouncil(folder, council),
  rows(done) {
    const results = done.map(({ result }) => result);
    return [
      ...councils.flatMap((council): Row[] => {
        const own = results.find((result) => result.council === council);
        const row = (when: string, found: number | undefined, bar: number | null): Row => ({
          group: "header changes",
          name: `${council}, not found ${when}`,
          figure: own === undefined || found === undefined ? null : own.labelled - found,
          bar,
          unit: own === undefined ? "" : `of ${own.labelled}`,
          basis: own === undefined ? noData : `${own.runs} invoice lines`,
        });
        return [
          row("on the first changed day", own?.foundFirstDay, 0),
          row("in its first hour", own?.foundFirstHour, null),
        ];
      }),
      falseAlarmRow(results),
    ];
  },
};

function falseAlarmRow(results: readonly CouncilResult[]): Row {
  const days = sum(results.map(({ signalDays }) => signalDays));
  const alarms = sum(results.map(({ falseAlarms }) => falseAlarms));
  return {
    group: "header changes",
    name: "alarms without a label, all councils",
    figure: days === 0 ? null : (1000 * alarms) / days,
    bar: 0.1,
    unit: "per 1,000 signal-days",
    basis: days === 0 ? noData : `${alarms} in ${days} signal-days`,
  };
}
