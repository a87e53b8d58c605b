import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { type Alerts, createAlerts } from "../../../src/alerts/create-alerts.ts";
import type { AlertSettings } from "../../../src/alerts/settings.ts";
import { openJournal } from "../../../src/journal/open-journal.ts";
import type { Journal } from "../../../src/journal/port.ts";
import { createMetrics, type Metrics } from "../../../src/metrics.ts";
import type { Clock } from "../../../src/model/clock.ts";
import { startMs } from "../../unit/alerts/build.ts";

/** Alerts over a real journal in a folder of their own, with a clock that the test moves. */
export interface Bench {
  alerts: Alerts;
  journal: Journal;
  clock: Clock & { advance(ms: number): void };
  metrics: Metrics;
  /** Deliveries counted, as `channel result`. */
  counted: string[];
  /** Sends what is due at `ms` from now. */
  drainAfter: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

/** Builds a bench. Nothing is sent but by `drain`. */
export function createBench(settings: AlertSettings): Bench {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-alerts-"));
  const log = pino({ level: "silent" });
  const journal = openJournal({ path: join(folder, "journal"), log });
  let nowMs = startMs + 3_600_000;
  const clock = { nowMs: () => nowMs, advance: (ms: number) => void (nowMs += ms) };
  const counted: string[] = [];
  const metrics = createMetrics({ process: false });
  const alerts = createAlerts({
    journal,
    clock,
    settings,
    log,
    // Next to none, but like real jitter not in whole milliseconds.
    random: () => 1e-6,
    meters: {
      ...metrics,
      deliveries: { inc: ({ channel, result }) => void counted.push(`${channel} ${result}`) },
    },
  });
  return {
    alerts,
    journal,
    clock,
    metrics,
    counted,
    async drainAfter(ms) {
      clock.advance(ms);
      await alerts.drain();
    },
    async close() {
      await alerts.stop();
      journal.close();
      rmSync(folder, { recursive: true });
    },
  };
}
