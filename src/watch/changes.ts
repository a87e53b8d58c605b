import { detectChanges, type VersionUse } from "../incidents/detect-changes.ts";
import { dayMs, hourMs } from "../model/clock.ts";
import type { ChangeEvent } from "../model/incident.ts";
import type { VersionRow } from "../model/rows.ts";
import type { SignalBucket } from "../model/signal.ts";
import type { Span, Store } from "../store/port.ts";
import type { Watched } from "./watched.ts";

/** A version that was away for longer than this counts as a change when it comes back. */
const memoryMs = 7 * dayMs;

/** Versions seen in a span, of all workflows. */
export type VersionsSeen = Awaited<ReturnType<Store["readVersions"]>>;

/**
 * Finds what was deployed in a span. Asks the store for more only when a version, or a model that answers, appears
 * that was not in use just before.
 */
export async function findChanges(
  store: Store,
  watched: Watched,
  seen: { versions: VersionsSeen; models: readonly SignalBucket[] } & Span,
): Promise<ChangeEvent[]> {
  const versions = seen.versions.filter(({ workflow }) => workflow === watched.workflow);
  return [
    ...(await versionChanges(store, watched, versions, seen)),
    ...(await modelChanges(store, watched, modelUses(seen.models, versions[0]?.version ?? ""), seen)),
  ];
}

async function versionChanges(
  store: Store,
  watched: Watched,
  now: VersionsSeen,
  span: Span,
): Promise<ChangeEvent[]> {
  const fresh = now.some(({ version, firstMs }) => firstMs - (watched.versions.get(version) ?? 0) > memoryMs);
  for (const { version, lastMs } of now) watched.versions.set(version, lastMs);
  if (!fresh) return [];
  const { workflow } = watched;
  const before = await store.readVersions({ workflow, fromMs: span.fromMs - memoryMs, toMs: span.fromMs });
  for (const { version, lastMs } of before) {
    watched.versions.set(version, Math.max(lastMs, watched.versions.get(version) ?? 0));
  }
  const versions = new Map<string, VersionRow>();
  for (const version of new Set([...before, ...now].map((use) => use.version))) {
    const row = await store.version(workflow, version);
    if (row !== null) versions.set(version, row);
  }
  return detectChanges(workflow, before.map(asUse), now.map(asUse), versions);
}

/** A provider that answers with another model than before, under the same version. */
async function modelChanges(
  store: Store,
  { workflow, models }: Watched,
  now: VersionUse[],
  { fromMs, toMs }: Span,
): Promise<ChangeEvent[]> {
  const isFresh = ({ modelResolved, firstMs }: VersionUse) =>
    firstMs - (models.get(modelResolved) ?? 0) > memoryMs;
  const fresh = now.some(isFresh);
  for (const { modelResolved } of now) models.set(modelResolved, toMs);
  if (!fresh) return [];
  const pastMs = Math.floor((fromMs - memoryMs) / hourMs) * hourMs;
  const past = await store.readBuckets({
    workflow,
    kinds: ["model"],
    stepMs: hourMs,
    fromMs: pastMs,
    toMs: fromMs,
  });
  const before = modelUses(past, now[0]?.version ?? "");
  for (const { modelResolved } of before)
    models.set(modelResolved, Math.max(fromMs, models.get(modelResolved) ?? 0));
  return detectChanges(workflow, before, now, new Map());
}

/** Use of each model that answered, oldest first. */
function modelUses(buckets: readonly SignalBucket[], version: string): VersionUse[] {
  const uses = new Map<string, VersionUse>();
  for (const { counts, startMs } of buckets) {
    for (const [bin, runs] of Object.entries(counts)) {
      const modelResolved = bin.slice(1);
      const known = uses.get(modelResolved);
      if (known === undefined) uses.set(modelResolved, { version, modelResolved, firstMs: startMs, runs });
      else known.runs += runs;
    }
  }
  return [...uses.values()];
}

function asUse({ version, firstMs, runs }: VersionsSeen[number]): VersionUse {
  return { version, modelResolved: "", firstMs, runs };
}
