import { dayMs, hourMs } from "../../model/clock.ts";
import type { ChangeEvent } from "../../model/incident.ts";
import type { VersionRow } from "../../model/rows.ts";
import type { SignalBucket } from "../../model/signal.ts";
import type { SignalVerdict } from "../../model/verdict.ts";
import type { VersionPeriod } from "../../model/version-standing.ts";
import type { WebDeps } from "../ports.ts";

/** One version beside the one that it is compared with. */
export interface ComparedVersion extends VersionPeriod {
  deployed: VersionRow | null;
  /** The incident that blames it, "" for none. */
  blamedBy: string;
  /** On every signal; `baseline` is the reference. What neither has enough of is `insufficient`. */
  signals: SignalVerdict[];
}

/** A new version's first runs, while it takes over from the last one that was good. */
export interface Rollout {
  version: string;
  against: string;
  sinceMs: number;
  runs: number;
  /** Of the runs since then. */
  share: number;
  differing: SignalVerdict[];
  /** Enough runs to say that nothing differs. */
  isEnough: boolean;
}

/** A workflow's versions beside each other, newest first. */
export interface VersionsBoard {
  workflow: string;
  current: string;
  lastGood: string;
  /** What the others are compared with; "" where there is nothing to compare. */
  against: string;
  versions: ComparedVersion[];
  rollout: Rollout | null;
}

const versionsMax = 8;
/** Of each version its latest days are compared. */
const comparedMs = 7 * dayMs;
/** A version that is older has taken over. */
const rolloutMs = 7 * dayMs;

/** Compares a workflow's versions on every signal with one of them: the given one, else the last that was good. */
export async function buildVersions(
  deps: WebDeps,
  workflow: string,
  asked: { against?: string | undefined; version?: string | undefined } = {},
): Promise<VersionsBoard> {
  const { store, watch, clock } = deps;
  const nowMs = clock.nowMs();
  const periods = await store.reads("page").readVersions({ workflow, fromMs: 0, toMs: nowMs + hourMs });
  const standing = watch.versionStanding(workflow, periods);
  const newestFirst = [...periods].sort((a, b) => b.firstMs - a.firstMs);
  const reference = periods.find(({ version }) => version === (asked.against ?? standing.lastGood));
  const shown = newestFirst
    .slice(0, versionsMax)
    .filter(({ version }) => asked.version === undefined || version === asked.version);
  const fields = await readFields(deps, workflow);
  const referenceBuckets =
    reference === undefined ? null : await readVersion(deps, workflow, reference, fields);
  const versions: ComparedVersion[] = [];
  for (const period of shown) {
    const buckets = await readVersion(deps, workflow, period, fields);
    versions.push({
      ...period,
      deployed: await store.reads("page").version(workflow, period.version),
      blamedBy: standing.blamed.get(period.version) ?? "",
      signals: watch.compare(referenceBuckets ?? buckets, buckets),
    });
  }
  const { current, lastGood } = standing;
  const rollout = rolloutOf({ current, lastGood, versions, periods, nowMs });
  return { workflow, current, lastGood, against: reference?.version ?? "", versions, rollout };
}

/** How a new version takes over; asks the store only where a change event says that there is one. */
export async function readRollout(
  deps: WebDeps,
  workflow: string,
  changes: readonly ChangeEvent[],
): Promise<Rollout | null> {
  const sinceMs = deps.clock.nowMs() - rolloutMs;
  const latest = changes.find(
    ({ atMs, versionBefore, versionAfter }) => atMs >= sinceMs && versionBefore !== versionAfter,
  );
  if (latest === undefined) return null;
  return (await buildVersions(deps, workflow, { version: latest.versionAfter })).rollout;
}

/** Every field that was ever there, so that one which a version has lost shows as missing. */
async function readFields({ store }: WebDeps, workflow: string): Promise<string[]> {
  const rows = await store.query<{ field: string }>(
    "SELECT DISTINCT field FROM rollups_hour WHERE workflow = {workflow:String} AND kind = 'null_rate'",
    { workflow },
  );
  return rows.map(({ field }) => field);
}

function readVersion(
  { store }: WebDeps,
  workflow: string,
  { version, firstMs, lastMs }: VersionPeriod,
  fields: string[],
): Promise<SignalBucket[]> {
  const fromMs = Math.floor(Math.max(firstMs, lastMs - comparedMs) / hourMs) * hourMs;
  const toMs = (Math.floor(lastMs / hourMs) + 1) * hourMs;
  const known = new Map([[workflow, fields]]);
  return store.reads("page").readBuckets({ workflow, version, fromMs, toMs, stepMs: toMs - fromMs, known });
}

function rolloutOf(of: {
  current: string;
  lastGood: string;
  versions: readonly ComparedVersion[];
  periods: readonly VersionPeriod[];
  nowMs: number;
}): Rollout | null {
  const { current, lastGood, versions, periods, nowMs } = of;
  const fresh = versions.find(({ version }) => version === current);
  if (fresh === undefined || lastGood === "" || nowMs - fresh.firstMs > rolloutMs) return null;
  // Others that are still in use since then share the traffic.
  const others = periods.filter(({ version, lastMs }) => version !== current && lastMs >= fresh.firstMs);
  const rest = others.reduce((sum, { runs, firstMs, lastMs }) => {
    const overlap = (lastMs - Math.max(firstMs, fresh.firstMs)) / Math.max(1, lastMs - firstMs);
    return sum + runs * Math.min(1, Math.max(0, overlap));
  }, 0);
  return {
    version: current,
    against: lastGood,
    sinceMs: fresh.firstMs,
    runs: fresh.runs,
    share: fresh.runs / Math.max(1, fresh.runs + rest),
    differing: fresh.signals.filter(({ verdict }) => verdict.kind === "drift"),
    isEnough: fresh.signals.some(({ verdict }) => verdict.kind === "stable"),
  };
}
