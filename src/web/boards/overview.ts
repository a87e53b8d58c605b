import { hourMs } from "../../model/clock.ts";
import type { ChangeEvent, Incident } from "../../model/incident.ts";
import type { SignalKind } from "../../model/signal.ts";
import type { Figure, SignalVerdict, Unit } from "../../model/verdict.ts";
import { readHourlyRuns } from "../../store/queries-boards.ts";
import type { WebDeps, WorkflowInfo } from "../ports.ts";
import { reach } from "./reach.ts";

/** A figure of one signal, with where it comes from. */
export interface SignalFigure {
  field: string;
  kind: SignalKind;
  figure: Figure;
  unit: Unit;
  drifts: boolean;
}

/** One workflow's line on the overview. */
export interface OverviewRow {
  info: WorkflowInfo;
  state: "running" | "warned" | "paused";
  /** Runs in each of the last 24 hours, oldest first; null while ClickHouse is away. */
  runsByHour: number[] | null;
  runsPerHour: number | null;
  override: SignalFigure | null;
  /** The field that is empty most often, drifting ones first. */
  emptiest: SignalFigure | null;
  errors: SignalFigure | null;
  drifting: number;
  learning: boolean;
  openIncidents: Incident[];
  lastChange: ChangeEvent | null;
}

const hours = 24;
const rank = { paused: 0, warned: 1, running: 2 };

/** Every workflow, those that need someone first. */
export async function buildOverview(deps: WebDeps): Promise<{ rows: OverviewRow[]; storeReached: boolean }> {
  const { watch, journal, store, clock } = deps;
  const toMs = (Math.floor(clock.nowMs() / hourMs) + 1) * hourMs;
  const fromMs = toMs - hours * hourMs;
  const counted = await reach(readHourlyRuns(store, { fromMs, toMs }));
  const byWorkflow = new Map<string, number[]>();
  for (const { workflow, hourMs: atMs, runs } of counted ?? []) {
    const line = byWorkflow.get(workflow) ?? new Array<number>(hours).fill(0);
    line[Math.round((atMs - fromMs) / hourMs)] = runs;
    byWorkflow.set(workflow, line);
  }
  const open = journal.incidents.list({ states: ["open", "acknowledged", "snoozed"] });
  const rows = watch.workflows().map((info): OverviewRow => {
    const { workflow } = info;
    const openIncidents = open.filter((incident) => incident.workflow === workflow);
    const paused = journal.pauses.get(workflow).state === "paused";
    const runsByHour =
      counted === null ? null : (byWorkflow.get(workflow) ?? new Array<number>(hours).fill(0));
    return {
      info,
      state: paused ? "paused" : openIncidents.length > 0 ? "warned" : "running",
      runsByHour,
      runsPerHour: runsByHour === null ? null : perHour(runsByHour),
      ...headlines(watch.signals(workflow)),
      openIncidents,
      lastChange: journal.changes.list({ workflow, limit: 1 })[0] ?? null,
    };
  });
  rows.sort((a, b) => rank[a.state] - rank[b.state] || a.info.workflow.localeCompare(b.info.workflow));
  return { rows, storeReached: counted !== null };
}

function headlines(signals: readonly SignalVerdict[]) {
  const figures = signals.flatMap(toFigure);
  const ofRun = (kind: SignalKind) =>
    figures.find((figure) => figure.kind === kind && figure.field === "") ?? null;
  const empty = figures
    .filter((figure) => figure.kind === "null_rate" && (figure.drifts || figure.figure.value > 0))
    .sort((a, b) => Number(b.drifts) - Number(a.drifts) || b.figure.value - a.figure.value);
  return {
    override: ofRun("override_rate"),
    emptiest: empty[0] ?? null,
    errors: ofRun("errors"),
    drifting: figures.filter((figure) => figure.drifts).length,
    learning: figures.length === 0,
  };
}

function toFigure({ signal, verdict }: SignalVerdict): SignalFigure[] {
  if (verdict.kind === "insufficient") return [];
  const { current: figure, unit } = verdict;
  return [{ field: signal.field, kind: signal.kind, figure, unit, drifts: verdict.kind === "drift" }];
}

/** The mean since the first hour with a run. */
function perHour(runsByHour: readonly number[]): number {
  const seen = runsByHour.slice(
    Math.max(
      0,
      runsByHour.findIndex((runs) => runs > 0),
    ),
  );
  return seen.reduce((before, runs) => before + runs, 0) / seen.length;
}
