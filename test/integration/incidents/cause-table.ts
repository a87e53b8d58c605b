import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { createApp } from "../../../src/app.ts";
import { configSchema } from "../../../src/config.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import type { Incident } from "../../../src/model/incident.ts";
import type { FaultCase } from "./faults.ts";

/** What the sidecar made of one fault. */
export interface CauseResult {
  fault: string;
  workflow: string;
  /** Null where no incident was opened. */
  incident: Incident | null;
  incidents: number;
  delayMs: number;
  layerRight: boolean;
  /** Null where the fault has no one right slice. */
  sliceRight: boolean | null;
}

const historyDays = 14;
const quietMs = 3 * hourMs;
const brokenMs = 15 * hourMs;
const sweepMs = 20 * minuteMs;

/**
 * Runs every fault through the whole sidecar on a clock of its own: two weeks of history, three quiet hours, then
 * the fault. Everything is real: collector, spool, chDB, detectors, incidents, journal.
 */
export async function runCauseTable(cases: readonly FaultCase[]): Promise<CauseResult[]> {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-causes-"));
  const startMs = Date.UTC(2026, 10, 16);
  let nowMs = startMs;
  const clock = { nowMs: () => nowMs };
  const config = configSchema.parse({ data, port: 0, sweep_seconds: 600 });
  const app = await createApp({ config, clock, log: pino({ level: process.env.LOG ?? "silent" }) });
  const { ingest, watch, writer, journal } = app.parts;
  const encode = (runs: object[]) => Buffer.from(JSON.stringify(runs));
  try {
    for (const one of cases) {
      const runs: object[] = [];
      for (let atMs = startMs - historyDays * dayMs; atMs < startMs; atMs += minuteMs)
        runs.push(...one.runs(atMs, false));
      for (let from = 0; from < runs.length; from += 1000)
        await ingest.runs(encode(runs.slice(from, from + 1000)), { isHistory: true });
    }
    await writer()?.flush();
    // The watch waits until no more history comes before it learns.
    while (journal.baselines.current(cases.at(-1)?.workflow ?? "") === null) {
      await delay(1_000);
      await watch.sweep();
    }
    const faultMs = startMs + quietMs;
    for (let atMs = startMs; atMs < faultMs + brokenMs; atMs += minuteMs) {
      nowMs = atMs;
      const runs = cases.flatMap((one) => one.runs(atMs, atMs >= faultMs));
      if (runs.length > 0) await ingest.runs(encode(runs));
      if ((atMs - startMs) % sweepMs !== 0) continue;
      await writer()?.flush();
      await watch.sweep();
    }
    return cases.map((one) => judge(one, journal.incidents.list({ workflow: one.workflow }), faultMs));
  } finally {
    await app.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function judge(one: FaultCase, incidents: readonly Incident[], faultMs: number): CauseResult {
  const after = incidents.filter((incident) => incident.openedAtMs >= faultMs);
  const incident = after.at(-1) ?? null;
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
