import { createClient } from "@evenkeel/sdk";
import type { Clock } from "../model/clock.ts";
import type { AutomationParts, RunClock } from "./automation-parts.ts";
import { type Fault, type FaultPlan, faultsInOrder } from "./faults.ts";
import { invoiceWorkflow } from "./invoice-extraction.ts";
import { createLiveExtraction } from "./live-extraction.ts";
import { createLiveTriage } from "./live-triage.ts";
import type { Random } from "./random.ts";
import type { Records } from "./records.ts";
import { arrivals } from "./traffic.ts";

/** What live traffic is made from. */
export interface LiveParts {
  endpoint: string;
  records: Records;
  random: Random;
  /** The sidecar's fast clock. */
  clock: Clock;
  plan: FaultPlan;
  onFault: (fault: Fault, atMs: number) => void;
  /** The pause gate of the invoice workflow closed or opened. */
  onGate: (open: boolean, reason: string) => void;
}

/** Traffic that runs until it is stopped. */
export interface LiveTraffic {
  /** Ends the traffic; resolves once everything was sent. */
  stop(): Promise<void>;
}

const tickMs = 100;

/**
 * Runs both automations through the SDK as simulated time goes by, and breaks them by plan.
 *
 * The invoice automation asks the pause gate first, as a well-behaved one does. When a person resumes it, the
 * header has been put right.
 */
export function startLiveTraffic(parts: LiveParts): LiveTraffic {
  const { clock, random, plan } = parts;
  const startMs = clock.nowMs();
  const runClock: RunClock = { ms: startMs, nowMs: () => runClock.ms };
  const client = createClient({ endpoint: parts.endpoint, clock: runClock, sendIntervalMs: tickMs });
  const automation: AutomationParts = { client, records: parts.records, random, runClock };
  const triage = createLiveTriage(automation);
  const extract = createLiveExtraction(automation);
  const ahead = faultsInOrder(plan);
  let doneMs = startMs;
  let isOpen = true;
  let headerRepaired = false;
  let timer: NodeJS.Timeout | null = null;
  let ticking: Promise<void> = Promise.resolve();

  const isOn = (fault: Fault, atMs: number): boolean => atMs >= startMs + plan[fault];

  async function tick(): Promise<void> {
    const toMs = clock.nowMs();
    for (let fault = ahead[0]; fault !== undefined && isOn(fault, toMs); fault = ahead[0]) {
      ahead.shift();
      parts.onFault(fault, startMs + plan[fault]);
    }
    for (const atMs of arrivals(doneMs, toMs, random)) {
      triage.answer(atMs, {
        promptChanged: isOn("prompt changed", atMs),
        reviewersOverride: isOn("reviewers override", atMs),
      });
    }
    triage.sendReviews(toMs);
    await askGate();
    if (isOpen) {
      for (const atMs of arrivals(doneMs, toMs, random)) {
        extract(atMs, isOn("upstream header renamed", atMs) && !headerRepaired);
      }
    }
    doneMs = toMs;
  }

  async function askGate(): Promise<void> {
    const { open, reason } = await client.gate(invoiceWorkflow, { maxAgeMs: tickMs });
    if (open === isOpen) return;
    isOpen = open;
    headerRepaired = open;
    parts.onGate(open, reason);
  }

  function schedule(): void {
    timer = setTimeout(() => {
      ticking = tick().then(schedule);
    }, tickMs);
  }

  schedule();
  return {
    async stop() {
      if (timer !== null) clearTimeout(timer);
      await ticking;
      if (timer !== null) clearTimeout(timer);
      await client.shutdown();
    },
  };
}
