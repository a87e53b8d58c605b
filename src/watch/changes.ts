import { detectChanges, type VersionUse } from "../incidents/detect-changes.ts";
import { dayMs } from "../model/clock.ts";
import type { ChangeEvent } from "../model/incident.ts";
import type { VersionRow } from "../model/rows.ts";
import type { Span, Store } from "../store/port.ts";
import type { Watched } from "./watched.ts";

/** A version that was away for longer than this counts as a change when it comes back. */
const memoryMs = 7 * dayMs;

/** Versions seen in a span, of all workflows. */
export type VersionsSeen = Awaited<ReturnType<Store["readVersions"]>>;

/**
 * Finds what was deployed in a span. Asks the store for more only when a version appears that was not in use
 * just before.
 */
export async function findChanges(
  store: Store,
  watched: Watched,
  seen: VersionsSeen,
  span: Span,
): Promise<ChangeEvent[]> {
  const now = seen.filter(({ workflow }) => workflow === watched.workflow);
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

function asUse({ version, firstMs, runs }: VersionsSeen[number]): VersionUse {
  return { version, modelResolved: "", firstMs, runs };
}
