import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { type App, createApp } from "../../../src/app.ts";
import { configSchema } from "../../../src/config.ts";
import { dayMs, minuteMs } from "../../../src/model/clock.ts";
import type { FaultCase } from "./faults.ts";

/** The whole sidecar on a clock that the test moves: every part is real but time. */
export interface ClockedSidecar {
  app: App;
  url: string;
  /** When the live traffic begins. */
  startMs: number;
  nowMs: () => number;
  /** Lets time pass minute by minute; `send` brings each minute's runs. Sweeps every 20 minutes. */
  advanceTo: (untilMs: number, send: (minuteMs: number) => Promise<void>) => Promise<void>;
  stop: () => Promise<void>;
}

const historyDays = 10;
const sweepMs = 20 * minuteMs;

/** Starts a sidecar that has learned what ten days of the cases' healthy traffic look like. */
export async function startClockedSidecar(
  cases: readonly FaultCase[],
  settings: object = {},
): Promise<ClockedSidecar> {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-clocked-"));
  const startMs = Date.UTC(2026, 10, 16);
  let nowMs = startMs;
  const config = configSchema.parse({ data, port: 0, sweep_seconds: 600, ...settings });
  const log = pino({ level: process.env.LOG ?? "silent" });
  const app = await createApp({ config, clock: { nowMs: () => nowMs }, log });
  const { ingest, watch, writer, journal } = app.parts;
  const url = await app.listen();
  for (const one of cases) {
    const runs: object[] = [];
    for (let atMs = startMs - historyDays * dayMs; atMs < startMs; atMs += minuteMs)
      runs.push(...one.runs(atMs, false));
    for (let from = 0; from < runs.length; from += 1000)
      await ingest.runs(Buffer.from(JSON.stringify(runs.slice(from, from + 1000))), { isHistory: true });
  }
  await writer()?.flush();
  // The watch waits until no more history comes before it learns.
  while (cases.some(({ workflow }) => journal.baselines.current(workflow) === null)) {
    await delay(1_000);
    await watch.sweep();
  }
  return {
    app,
    url,
    startMs,
    nowMs: () => nowMs,
    async advanceTo(untilMs, send) {
      for (; nowMs < untilMs; nowMs += minuteMs) {
        await send(nowMs);
        if ((nowMs - startMs) % sweepMs !== 0) continue;
        await writer()?.flush();
        await watch.sweep();
      }
    },
    async stop() {
      await app.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
