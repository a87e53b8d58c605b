import type { Incident } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import type { VersionPeriod, VersionStanding } from "../model/version-standing.ts";

/** A version with fewer runs has not shown that it is good. */
const goodRunsMin = 30;

/**
 * Finds the version that was good last: the one in use latest before the current one that no incident blames.
 *
 * @param periods one for each version, any order. @param incidents of the workflow, any order.
 */
export function versionStanding(
  periods: readonly VersionPeriod[],
  incidents: readonly Incident[],
): VersionStanding {
  const blamed = new Map(
    [...blamedVersions(incidents)].map(([version, { incidentId }]) => [version, incidentId]),
  );
  const newestFirst = [...periods].sort((a, b) => b.firstMs - a.firstMs);
  const current = newestFirst[0]?.version ?? "";
  const lastGood = [...periods]
    .sort((a, b) => b.lastMs - a.lastMs)
    .find(({ version, runs }) => version !== current && runs >= goodRunsMin && !blamed.has(version));
  return { current, lastGood: lastGood?.version ?? "", blamed };
}

/**
 * The version to go back to from one that turns out bad: the one before it, or before that one, if it is blamed as
 * well. "" where none is left.
 */
export function lastGoodBefore(versionBefore: string, incidents: readonly Incident[]): string {
  const blamed = blamedVersions(incidents);
  const seen = new Set<string>();
  let version = versionBefore;
  for (let by = blamed.get(version); by !== undefined && !seen.has(version); by = blamed.get(version)) {
    seen.add(version);
    version = by.cause.lastGoodVersion;
  }
  return seen.has(version) ? "" : version;
}

/** What a person closed was no fault, or is the new normal; what came right by itself was one. */
function blamedVersions(incidents: readonly Incident[]): Map<string, Incident> {
  const blamed = new Map<string, Incident>();
  for (const incident of [...incidents].sort((a, b) => a.openedAtMs - b.openedAtMs)) {
    const { change } = incident.cause;
    if (change === null || change.versionAfter === change.versionBefore) continue;
    if (incident.state === "resolved" && incident.stateActor !== ownActor) continue;
    blamed.set(change.versionAfter, incident);
  }
  return blamed;
}
