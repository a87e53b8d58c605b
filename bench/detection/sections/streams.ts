import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hourMs } from "../../../src/model/clock.ts";
import { type ChangePointResult, replayChangePoints } from "../change-points.ts";
import { noData, type Section, seeds } from "../section.ts";
import { median, poissonUpper, sum } from "../statistics.ts";
import type { Row } from "../table.ts";
import { replayTelemetry, type TelemetryResult, telemetrySeries } from "../telemetry.ts";
import { replayTickets, ticketChanges, type TicketResult, type TicketStream } from "../tickets.ts";

interface TicketUnit extends TicketStream {
  folder: string;
}

const mixes = ["even", "restless"] as const;

/** banking77 as ticket triage, its intents drawn anew. */
export const tickets: Section<TicketUnit, TicketResult> = {
  name: "tickets",
  units(settings) {
    const folder = join(settings.data ?? "", "tickets_banking77");
    if (settings.data === null || !existsSync(folder)) return [];
    return seeds(settings, settings.long ? 20 : 3).flatMap((seed) =>
      mixes.flatMap((mix) => [null, ...ticketChanges].map((change) => ({ folder, mix, change, seed }))),
    );
  },
  run: ({ folder, ...stream }) => replayTickets(folder, stream),
  rows: (done) =>
    mixes.flatMap((mix) => {
      const own = done.filter(({ unit }) => unit.mix === mix);
      return [
        ticketAlarmRow(
          mix,
          own.map(({ result }) => result),
        ),
        ...ticketChanges.flatMap((change) => {
          const results = own.filter(({ unit }) => unit.change === change).map(({ result }) => result);
          return ticketRows(`${mix} mix, ${change}`, results);
        }),
      ];
    }),
};

function ticketAlarmRow(mix: string, results: readonly TicketResult[]): Row {
  const days = sum(results.map(({ workflowDays }) => workflowDays));
  const alarms = sum(results.map(({ falseAlarms }) => falseAlarms));
  return {
    group: "banking77",
    name: `${mix} mix, false alarms`,
    figure: days === 0 ? null : (1000 * alarms) / days,
    ...(days === 0 ? {} : { upper: (1000 * poissonUpper(alarms)) / days }),
    bar: 3,
    unit: "per 1,000 workflow-days",
    basis: days === 0 ? noData : `${alarms} in ${Math.round(days)} workflow-days`,
  };
}

function ticketRows(name: string, results: readonly TicketResult[]): Row[] {
  const basis = results.length === 0 ? noData : `${results.length} replications`;
  const seen = results.filter(({ runs }) => runs !== null);
  const row = (what: string, figure: number, unit: string, bar: number | null): Row => ({
    group: "banking77",
    name: `${name}: ${what}`,
    figure: Number.isNaN(figure) ? null : figure,
    bar,
    unit,
    basis,
  });
  const onset = median(seen.map(({ onsetErrorMs }) => Math.abs(onsetErrorMs) / hourMs));
  const missed = (100 * (results.length - seen.length)) / results.length;
  return [
    row("delay", median(results.map(({ runs }) => runs ?? Infinity)), "runs, median", null),
    row("missed", missed, "% within 10,000 runs", 1),
    row("onset error", onset, "hours, median", null),
  ];
}

interface SeriesUnit {
  folder: string;
  series: string;
}

/** NAB as volume and latency. */
export const telemetry: Section<SeriesUnit, TelemetryResult> = {
  name: "nab",
  units({ data }) {
    const folder = join(data ?? "", "nab");
    if (data === null || !existsSync(folder)) return [];
    return telemetrySeries(folder)
      .filter((series) => existsSync(join(folder, `${series}.gz`)))
      .map((series) => ({ folder, series }));
  },
  run: ({ folder, series }) => replayTelemetry(folder, series),
  rows(done) {
    const groups: [string, RegExp][] = [
      ["volume (tweets, taxis)", /nyc_taxi|Twitter/],
      ["servers and known causes", /realAWS|realKnownCause\/(?!nyc)/],
      ["traffic and advertisements", /realTraffic|realAd/],
      ["artificial", /artificial/],
    ];
    return groups.flatMap(([name, pattern]) =>
      telemetryRows(
        name,
        done.filter(({ unit }) => pattern.test(unit.series)).map(({ result }) => result),
      ),
    );
  },
};

function telemetryRows(name: string, results: readonly TelemetryResult[]): Row[] {
  const days = sum(results.map((result) => result.days));
  const windows = sum(results.map((result) => result.windows));
  const alarms = sum(results.map(({ falseAlarms }) => falseAlarms));
  const basis = results.length === 0 ? noData : `${results.length} series`;
  return [
    {
      group: "NAB",
      name: `${name}: windows not found`,
      figure: results.length === 0 ? null : windows - sum(results.map(({ found }) => found)),
      bar: null,
      unit: `of ${windows}`,
      basis,
    },
    {
      group: "NAB",
      name: `${name}: alarms outside of windows`,
      figure: results.length === 0 ? null : (1000 * alarms) / days,
      bar: null,
      unit: "per 1,000 signal-days",
      basis: results.length === 0 ? basis : `${alarms} in ${Math.round(days)} signal-days`,
    },
  ];
}

/** TCPD: change points by five annotators. */
export const changePoints: Section<SeriesUnit, ChangePointResult> = {
  name: "tcpd",
  units({ data }) {
    const folder = join(data ?? "", "tcpd");
    if (data === null || !existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json") && name !== "annotations.json")
      .sort()
      .map((name) => ({ folder, series: name.replace(/\.json$/, "") }));
  },
  run: ({ folder, series }) => replayChangePoints(folder, series),
  rows(done) {
    const results = done.map(({ result }) => result);
    const observations = sum(results.map((result) => result.observations));
    const basis = results.length === 0 ? noData : `${results.length} series, ${observations} observations`;
    const agreed = sum(results.map((result) => result.agreed));
    const row = (name: string, figure: number, unit: string): Row => ({
      group: "TCPD",
      name,
      figure: results.length === 0 ? null : figure,
      bar: null,
      unit,
      basis,
    });
    const errors = results.flatMap(({ onsetErrors }) => onsetErrors);
    return [
      row("change points not found", agreed - sum(results.map(({ found }) => found)), `of ${agreed}`),
      row("onset error", median(errors), "observations, median"),
      row("alarms near no annotation", sum(results.map(({ falseAlarms }) => falseAlarms)), "alarms"),
    ];
  },
};
