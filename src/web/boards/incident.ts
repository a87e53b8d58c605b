import type { AuditEntry, PauseState } from "../../journal/port.ts";
import type { Incident } from "../../model/incident.ts";
import type { RunRow } from "../../model/rows.ts";
import { type SignalKey, signalId } from "../../model/signal.ts";
import { hourMs, minuteMs } from "../../model/clock.ts";
import type { SignalVerdict } from "../../model/verdict.ts";
import type { WebDeps } from "../ports.ts";
import { type ShownDelivery, withRoutes } from "./deliveries.ts";
import { readChartBuckets, readMeasure } from "./chart-buckets.ts";
import { reach } from "./reach.ts";
import { type Series, toSeries } from "./series.ts";

/** One drifting signal of an incident, over time. */
export interface IncidentSignal {
  entry: SignalVerdict;
  sentence: string;
  detectedAtMs: number;
  recoveredAtMs: number | null;
  series: Series | null;
}

/** Everything the incident page shows. */
export interface IncidentBoard {
  incident: Incident;
  pause: PauseState;
  signals: IncidentSignal[];
  /** Runs that show it beside runs from before. */
  examples: RunRow[];
  baselines: RunRow[];
  deliveries: ShownDelivery[];
  audit: AuditEntry[];
  storeReached: boolean;
}

/** Signals whose charts are drawn: each asks the store. */
export const chartsMax = 12;

/** Gathers an incident's page; null where it is not known. */
export async function buildIncident(deps: WebDeps, incidentId: string): Promise<IncidentBoard | null> {
  const { journal, clock } = deps;
  const incident = journal.incidents.get(incidentId);
  if (incident === null) return null;
  const [series, examples, baselines] = await Promise.all([
    readSeries(deps, incident, clock.nowMs()),
    readRuns(deps, incident.exampleRunIds),
    readRuns(deps, incident.baselineRunIds),
  ]);
  const { workflow } = incident;
  return {
    incident,
    pause: journal.pauses.get(workflow),
    signals: incident.signals.map(({ signal, drift, sentence, detectedAtMs, recoveredAtMs }) => ({
      entry: { signal, atMs: detectedAtMs, verdict: drift },
      sentence,
      detectedAtMs,
      recoveredAtMs,
      series: series?.find((line) => signalId(line.signal) === signalId(signal)) ?? null,
    })),
    examples: examples ?? [],
    baselines: baselines ?? [],
    deliveries: readDeliveries(deps, incident),
    audit: journal.audit
      .list({ workflow, limit: 100 })
      .filter((entry) => entry.atMs >= incident.openedAtMs - minuteMs && concerns(entry, incidentId))
      .map((entry) => ({ ...entry, detail: entry.detail.replace(incidentId, "").trim() })),
    storeReached: series !== null,
  };
}

/** Newest first. What calls the pause webhook and the platform is in the workflow's order, not in the incident's. */
function readDeliveries(deps: WebDeps, { incidentId, workflow }: Incident): ShownDelivery[] {
  const { journal } = deps;
  const pauses = journal.outbox
    .list({ subject: workflow, limit: 50 })
    .filter(({ payload }) => payload.includes(incidentId));
  const owed = [...journal.outbox.list({ subject: incidentId, limit: 50 }), ...pauses];
  return withRoutes(deps, owed).sort((a, b) => b.createdAtMs - a.createdAtMs);
}

/** Entries that name another incident are left out; those that name none are about the workflow itself. */
function concerns({ detail }: AuditEntry, incidentId: string): boolean {
  return detail.includes(incidentId) || !/\binc_[0-9a-f]+/.test(detail);
}

/** The incident's signals from well before the onset until now, or until it was resolved. */
async function readSeries(deps: WebDeps, incident: Incident, nowMs: number): Promise<Series[] | null> {
  const { store } = deps;
  const endMs = incident.resolvedAtMs ?? nowMs;
  const lengthMs = Math.max(2 * hourMs, endMs - incident.onsetMs);
  const fromMs = incident.onsetMs - 2 * lengthMs;
  const stepMs = roundStep((endMs - fromMs) / 60);
  const span = {
    fromMs: Math.floor(fromMs / stepMs) * stepMs,
    toMs: Math.ceil(endMs / stepMs) * stepMs,
    stepMs,
  };
  const lines = await Promise.all(
    incident.signals.slice(0, chartsMax).map(async ({ signal, drift }) => {
      const isOwn = (key: SignalKey) => signalId(key) === signalId(signal);
      const measure = await reach(readMeasure(deps, signal, drift));
      const buckets = measure && (await reach(readChartBuckets(store, signal, measure, span)));
      return (
        buckets &&
        toSeries(buckets, span, (key) => (isOwn(key) ? measure : null)).filter((line) => isOwn(line.signal))
      );
    }),
  );
  return lines.some((line) => line === null) ? null : lines.flatMap((line) => line ?? []);
}

/** The smallest handy step that is not below `ms`; from an hour up whole hours, because counts are kept by hour. */
function roundStep(ms: number): number {
  const handy = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * minuteMs);
  return handy.find((step) => step >= ms) ?? Math.ceil(ms / (24 * hourMs)) * 24 * hourMs;
}

async function readRuns({ store }: WebDeps, runIds: readonly string[]): Promise<RunRow[] | null> {
  const receipts = await reach(Promise.all(runIds.slice(0, 3).map((runId) => store.receipt(runId))));
  return receipts?.flatMap((receipt) => receipt?.run ?? []) ?? null;
}
