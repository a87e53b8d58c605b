import type { Journal } from "../journal/port.ts";
import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import type { Incident } from "../model/incident.ts";
import type { SignalBucket } from "../model/signal.ts";
import type { SharedReads, Store } from "../store/port.ts";
import { readReviews, readRuns } from "../store/queries-history.ts";
import type { History, HistoryKind, HistoryQuery, HistoryRows, VersionUse } from "./port.ts";

/** What a stored history reads from. */
export interface HistoryParts {
  store: Pick<Store, "query" | "reads">;
  /** Asked for only when incidents are read. */
  journal: () => Pick<Journal, "incidents">;
}

/** Reads a past from store and journal. Closing them is up to whoever opened them. */
export function createStoredHistory({ store, journal }: HistoryParts): Pick<History, "workflows" | "read"> {
  const counts = store.reads("report");
  const readers: { [K in HistoryKind]: (query: HistoryQuery) => AsyncIterable<HistoryRows[K]> } = {
    runs: (query) => readRuns(store, query),
    reviews: (query) => readReviews(store, query),
    incidents: (query) => readIncidents(journal(), query),
    buckets: (query) => readBuckets(counts, query),
    versions: (query) => readVersions(counts, query),
  };
  return {
    workflows: async () => (await counts.readWorkflows()).map(({ workflow }) => workflow),
    read: (kind, query) => readers[kind](query),
  };
}

const incidentsMax = 100_000;

// eslint-disable-next-line @typescript-eslint/require-await -- a generator for the sake of the shared interface
async function* readIncidents(
  journal: Pick<Journal, "incidents">,
  { workflow, fromMs, toMs }: HistoryQuery,
): AsyncGenerator<Incident, void> {
  for (const incident of journal.incidents.list({ workflow, limit: incidentsMax })) {
    if (incident.openedAtMs >= fromMs && incident.openedAtMs < toMs) yield incident;
  }
}

async function* readVersions(
  counts: SharedReads,
  { workflow, fromMs, toMs }: HistoryQuery,
): AsyncGenerator<VersionUse, void> {
  for (const { version, firstMs, lastMs, runs } of await counts.readVersions({ workflow, fromMs, toMs })) {
    yield { version, firstMs, lastMs, runs };
  }
}

/**
 * Reads day by day, so that memory stays bounded. A day with fields that are new is read again with these known: a field
 * that was there in one minute is missing in the others.
 */
async function* readBuckets(
  counts: SharedReads,
  { workflow, fromMs, toMs, stepMs = minuteMs }: HistoryQuery,
): AsyncGenerator<SignalBucket, void> {
  const versions = await counts.readVersions({ workflow, fromMs, toMs });
  const firstMs = Math.min(...versions.map((version) => version.firstMs));
  const lastMs = Math.max(...versions.map((version) => version.lastMs));
  const fields = new Set<string>();
  const known = new Map([[workflow, fields]]);
  const startMs = Math.max(fromMs, Math.floor(firstMs / hourMs) * hourMs);
  for (let dayFromMs = startMs; dayFromMs <= lastMs; dayFromMs = nextDay(dayFromMs)) {
    const query = { workflow, fromMs: dayFromMs, toMs: Math.min(toMs, nextDay(dayFromMs)), stepMs, known };
    const buckets = await counts.readBuckets(query);
    const before = fields.size;
    for (const { kind, field } of buckets) if (kind === "null_rate") fields.add(field);
    yield* fields.size === before ? buckets : await counts.readBuckets(query);
  }
}

function nextDay(ms: number): number {
  return (Math.floor(ms / dayMs) + 1) * dayMs;
}
