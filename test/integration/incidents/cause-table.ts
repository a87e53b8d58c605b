import { hourMs } from "../../../src/model/clock.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { startClockedSidecar } from "./clocked-sidecar.ts";
import type { FaultCase } from "./faults.ts";

/** What the sidecar made of one fault. */
export interface CauseResult {
  fault: string;
  workflow: string;
  /** The first that was opened after the fault, null if none was. */
  incident: Incident | null;
  incidents: number;
  delayMs: number;
  layerRight: boolean;
  /** Null where the fault has no one right slice. */
  sliceRight: boolean | null;
}

const quietMs = 3 * hourMs;
const brokenMs = 15 * hourMs;

/** Runs every fault through the whole sidecar: ten days of history, three quiet hours, then the fault. */
export async function runCauseTable(cases: readonly FaultCase[]): Promise<CauseResult[]> {
  const sidecar = await startClockedSidecar(cases);
  const { ingest, journal } = sidecar.app.parts;
  const faultMs = sidecar.startMs + quietMs;
  const live = (untilMs: number) =>
    sidecar.advanceTo(untilMs, async (atMs) => {
      const runs = cases.flatMap((one) => one.runs(atMs, atMs >= faultMs));
      if (runs.length > 0) await ingest.runs(Buffer.from(JSON.stringify(runs)));
    });
  try {
    const isFound = ({ workflow }: FaultCase) =>
      journal.incidents.list({ workflow }).some(({ openedAtMs }) => openedAtMs >= faultMs);
    let wereFound = false;
    await live(faultMs);
    // An hour more than the slowest needs, to see whether one fault makes a second incident.
    while (sidecar.nowMs() < faultMs + brokenMs && !wereFound) {
      wereFound = cases.every(isFound);
      await live(sidecar.nowMs() + hourMs);
    }
    return cases.map((one) => judge(one, journal.incidents.list({ workflow: one.workflow }), faultMs));
  } finally {
    await sidecar.stop();
  }
}

function judge(one: FaultCase, incidents: readonly Incident[], faultMs: number): CauseResult {
  const incident = incidents.filter(({ openedAtMs }) => openedAtMs >= faultMs).at(-1) ?? null;
  const slice = incident?.cause.slice;
  const named = slice === null || slice === undefined ? "" : `${slice.attribute}=${slice.value}`;
  return {
    fault: one.fault,
    workflow: one.workflow,
    incident,
    incidents: incidents.length,
    delayMs: incident === null ? Infinity : incident.openedAtMs - faultMs,
    layerRight: incident?.cause.layer === one.layer,
    sliceRight: one.slice === null ? null : named === one.slice,
  };
}
