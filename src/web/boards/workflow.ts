import { dayMs, hourMs, minuteMs } from "../../model/clock.ts";
import type { PauseState, PinnedBaseline } from "../../journal/port.ts";
import type { ChangeEvent, Incident } from "../../model/incident.ts";
import { type NamedSource, unmappedSources } from "../../model/data-map.ts";
import { signalId } from "../../model/signal.ts";
import type { SignalVerdict } from "../../model/verdict.ts";
import { readVersionFigures, type VersionFigures } from "../../store/queries-boards.ts";
import type { WebDeps, WorkflowInfo } from "../ports.ts";
import { readNamedSources } from "../../store/queries-data-map.ts";
import { readMeasure } from "./chart-buckets.ts";
import { reach } from "./reach.ts";
import { type Measure, type Series, toSeries } from "./series.ts";
import { readRollout, type Rollout } from "./versions.ts";

/** How far back a page looks, and how finely. */
export const ranges = {
  "1h": { spanMs: hourMs, stepMs: minuteMs },
  "24h": { spanMs: dayMs, stepMs: hourMs },
  "7d": { spanMs: 7 * dayMs, stepMs: 3 * hourMs },
  "30d": { spanMs: 30 * dayMs, stepMs: 12 * hourMs },
  "90d": { spanMs: 90 * dayMs, stepMs: dayMs },
} as const;

export type RangeName = keyof typeof ranges;

/** A signal on its workflow's board. */
export interface SignalRow {
  entry: SignalVerdict;
  explanation: string;
  series: Series | null;
}

/** Everything the workflow page shows. */
export interface WorkflowBoard {
  info: WorkflowInfo;
  pause: PauseState;
  openIncidents: Incident[];
  closedIncidents: Incident[];
  signals: SignalRow[];
  changes: ChangeEvent[];
  baseline: PinnedBaseline | null;
  versions: VersionFigures[];
  /** A new version that is taking over; null for none. */
  rollout: Rollout | null;
  range: RangeName;
  span: { fromMs: number; toMs: number; stepMs: number };
  storeReached: boolean;
  /** Sources that steps of the last week name and the data map does not; null while ClickHouse is away. */
  unmapped: NamedSource[] | null;
}

/** The span of a named range that ends now. */
export function spanOf(range: RangeName, nowMs: number): { fromMs: number; toMs: number; stepMs: number } {
  const { spanMs, stepMs } = ranges[range];
  const toMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
  return { fromMs: toMs - spanMs, toMs, stepMs };
}

/** Gathers a workflow's board; null where the workflow is not known. */
export async function buildWorkflow(
  deps: WebDeps,
  workflow: string,
  range: RangeName,
): Promise<WorkflowBoard | null> {
  const { watch, journal, store, clock } = deps;
  const info = watch.workflows().find((candidate) => candidate.workflow === workflow);
  if (info === undefined) return null;
  const span = spanOf(range, clock.nowMs());
  const verdicts = watch.signals(workflow);
  const changes = journal.changes.list({ workflow, limit: 20 });
  const [measures, buckets, versions, rollout, unmapped] = await Promise.all([
    readMeasures(deps, verdicts),
    reach(store.reads("page").readBuckets({ workflow, ...span })),
    reach(readVersionFigures(store, { workflow, fromMs: 0, toMs: span.toMs, limit: 6 })),
    reach(readRollout(deps, workflow, changes)),
    readUnmapped(deps, info),
  ]);
  const series = new Map(
    toSeries(buckets ?? [], span, (key) => measures.get(signalId(key)) ?? null).map((line) => [
      signalId(line.signal),
      line,
    ]),
  );
  const incidents = journal.incidents.list({ workflow, limit: 30 });
  return {
    info,
    pause: journal.pauses.get(workflow),
    openIncidents: incidents.filter((incident) => incident.state !== "resolved"),
    closedIncidents: incidents.filter((incident) => incident.state === "resolved"),
    signals: verdicts.map((entry) => ({
      entry,
      explanation: watch.explain(entry),
      series: series.get(signalId(entry.signal)) ?? null,
    })),
    changes,
    baseline: journal.baselines.current(workflow),
    versions: versions ?? [],
    rollout,
    range,
    span,
    storeReached: buckets !== null,
    unmapped,
  };
}

/** Sources that steps of the last week name and the workflow's data map does not; null while ClickHouse is away. */
export async function readUnmapped(
  { store, clock }: Pick<WebDeps, "store" | "clock">,
  { workflow, dataMap }: WorkflowInfo,
): Promise<NamedSource[] | null> {
  const nowMs = clock.nowMs();
  const span = { workflow, fromMs: nowMs - 7 * dayMs, toMs: nowMs + dayMs };
  const named = await reach(readNamedSources(store, span));
  return named === null ? null : unmappedSources(dataMap, named);
}

/** What each verdict's figures speak of, by signal; of a drift with what the baseline had, where that is asked for. */
async function readMeasures(
  deps: WebDeps,
  verdicts: readonly SignalVerdict[],
): Promise<Map<string, Measure>> {
  const read = async ({ signal, verdict }: SignalVerdict): Promise<[string, Measure][]> => {
    if (verdict.kind === "insufficient") return [];
    const measure = verdict.kind === "drift" ? await reach(readMeasure(deps, signal, verdict)) : null;
    return [[signalId(signal), measure ?? verdict]];
  };
  return new Map((await Promise.all(verdicts.map(read))).flat());
}
