import type { Clock } from "../model/clock.ts";
import { type Fault, type FaultPlan, faultPlan } from "./faults.ts";
import { invoiceWorkflow } from "./invoice-extraction.ts";
import { startLiveTraffic } from "./live-traffic.ts";
import { postHistory } from "./post-history.ts";
import { createRandom } from "./random.ts";
import { readRecords } from "./records.ts";

/** What the demo tells while it runs. Times are simulated, in milliseconds since the epoch. */
export type DemoEvent =
  | { kind: "history"; sent: number; total: number }
  | { kind: "live"; atMs: number }
  | { kind: "fault"; fault: Fault; atMs: number }
  | { kind: "gate"; workflow: string; open: boolean; reason: string };

/** What a demo is made from. */
export interface DemoParts {
  /** The sidecar: `http://localhost:4318`. */
  endpoint: string;
  /** The sidecar's fast clock. */
  clock: Clock;
  onEvent: (event: DemoEvent) => void;
  /** Called between history and live traffic, until the sidecar has learned what is normal. */
  ready?: () => Promise<void>;
  historyDays?: number;
  plan?: FaultPlan;
  seed?: number;
}

/** A demo that runs until it is stopped. */
export interface Demo {
  /** Resolves when live traffic runs. Rejects if the sidecar does not take the history. */
  started: Promise<void>;
  /** Ends the traffic; resolves once everything was sent. */
  stop(): Promise<void>;
}

/** Sends four quiet weeks of two automations as history, then their live traffic, with faults by plan. */
export function startDemo({
  endpoint,
  clock,
  onEvent,
  ready = () => Promise.resolve(),
  historyDays = 28,
  plan = faultPlan,
  seed = 7,
}: DemoParts): Demo {
  const random = createRandom(seed);

  async function start() {
    const records = await readRecords();
    await postHistory({
      endpoint,
      records,
      random,
      toMs: clock.nowMs(),
      days: historyDays,
      onProgress: (progress) => onEvent({ kind: "history", ...progress }),
    });
    await ready();
    onEvent({ kind: "live", atMs: clock.nowMs() });
    return startLiveTraffic({
      endpoint,
      records,
      random,
      clock,
      plan,
      onFault: (fault, atMs) => onEvent({ kind: "fault", fault, atMs }),
      onGate: (open, reason) => onEvent({ kind: "gate", workflow: invoiceWorkflow, open, reason }),
    });
  }

  const live = start();
  return {
    started: live.then(() => undefined),
    stop: () => live.then((traffic) => traffic.stop()),
  };
}
