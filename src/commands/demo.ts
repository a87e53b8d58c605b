import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type App, createApp } from "../app.ts";
import { type Config, configSchema } from "../config.ts";
import { invoiceWorkflow } from "../demo/invoice-extraction.ts";
import { openWebhookReceiver, type VerifiedCall } from "../demo/receiver.ts";
import { type DemoEvent, startDemo } from "../demo/replay.ts";
import { triageWorkflow } from "../demo/ticket-triage.ts";
import { createLog } from "../log.ts";
import { type Clock, hourMs, minuteMs, scaledClock } from "../model/clock.ts";
import type { Incident } from "../model/incident.ts";
import type { Command } from "./command.ts";

/** One real second is twenty simulated minutes. */
const speed = 1_200;
/** The demo begins this long ago, so that its first two minutes end about now. */
const headStartMs = 48 * hourMs;

/** Shows the main job on real records, fast, in a folder of its own. */
export const demo: Command = {
  summary: "run the sidecar with a replay of real records and real faults",
  synopsis: "[--keep] [options]",
  options: { keep: { type: "boolean", means: "leave the data folder where it is" } },
  async run({ config, values }) {
    if (typeof values.data === "string") return play(config, values.data);
    const data = mkdtempSync(join(tmpdir(), "evenkeel-demo-"));
    try {
      return await play(config, data);
    } finally {
      if (values.keep !== true) rmSync(data, { recursive: true, force: true });
    }
  },
};

/** Runs until a person ends it. @returns The exit code. */
async function play(config: Config, data: string): Promise<number> {
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const receiver = await openWebhookReceiver(secret, tellCall);
  const clock = createDemoClock(Date.now() - headStartMs);
  const app = await createApp({
    config: demoConfig(config, data, receiver.url, secret),
    clock,
    log: createLog("warn"),
  });
  const endpoint = await app.listen();
  say(
    `Evenkeel listens on ${endpoint}. One second is ${(speed * 1000) / minuteMs} minutes here. Ctrl-C ends it.`,
  );
  const replay = startDemo({
    endpoint,
    clock,
    onEvent: tellEvent(clock),
    ready: () => learned(app).then(() => clock.go()),
  });
  const told = new Set<string>();
  const watching = setInterval(() => tellIncidents(app, endpoint, told), 250);
  await Promise.race([
    once(process, "SIGINT"),
    once(process, "SIGTERM"),
    replay.started.then(() => new Promise(() => undefined)),
  ]);
  clearInterval(watching);
  // Someone who stops it during the history does not want to wait for its end.
  await Promise.race([replay.stop(), delay(3_000)]);
  await app.stop();
  await receiver.close();
  return 0;
}

/** A clock that stands still until it is told to go: history is made and learned from in no time at all. */
function createDemoClock(startMs: number): Clock & { go(): void } {
  let clock: Clock = { nowMs: () => startMs };
  return {
    nowMs: () => clock.nowMs(),
    go() {
      clock = scaledClock(startMs, speed);
    },
  };
}

/** The given configuration, with the demo's two workflows and its receiver. */
function demoConfig(config: Config, data: string, webhook: string, secret: string): Config {
  const workflows = {
    [invoiceWorkflow]: {
      owner: "invoices-team@example.test",
      pause: { mode: "on", webhook, secret },
      contract: { outputs: { supplier: { required: true, type: "string" } } },
      reads: [{ kind: "mailbox", name: "invoices@example.test", account: "svc-invoices" }],
      writes: [{ kind: "table", name: "ledger.entries", account: "svc-ledger" }],
    },
    [triageWorkflow]: { owner: "support-team@example.test", confidence_below: 0.6 },
  };
  return {
    ...configSchema.parse({ ...config, workflows }),
    data,
    sweep_seconds: 1,
    allow_private_webhooks: true,
  };
}

/** Resolves once both workflows have a baseline. */
async function learned({ parts: { journal, writer, watch } }: App): Promise<void> {
  await writer()?.flush();
  while ([invoiceWorkflow, triageWorkflow].some((workflow) => journal.baselines.current(workflow) === null)) {
    await watch.sweep();
    await delay(100);
  }
  say("Learned what is normal from four weeks of history.");
}

function tellEvent(clock: Clock): (event: DemoEvent) => void {
  return (event) => {
    if (event.kind === "history" && event.sent === event.total)
      say(`Sent ${event.total} past runs as history.`);
    if (event.kind === "live") say("Live runs begin. Nothing is wrong yet.");
    if (event.kind === "fault") say(`${simulated(event.atMs)}  FAULT      ${event.fault}`);
    if (event.kind === "gate" && !event.open)
      say(
        `${simulated(clock.nowMs())}  GATE       ${event.workflow} is paused, so its automation has stopped taking work`,
      );
  };
}

/** Prints each incident once, when it opens. */
function tellIncidents({ parts: { journal } }: App, endpoint: string, told: Set<string>): void {
  for (const incident of journal.incidents.list({ limit: 20 })) {
    if (told.has(incident.incidentId)) continue;
    told.add(incident.incidentId);
    say(describeIncident(incident, endpoint));
  }
}

function describeIncident(incident: Incident, endpoint: string): string {
  return [
    `${simulated(incident.openedAtMs)}  INCIDENT   ${incident.workflow}, owner ${incident.owner}`,
    `    ${incident.title}`,
    `    Cause: ${incident.cause.layer}. ${incident.cause.reasons.join(" ")}`,
    `    Runs that show it: ${incident.exampleRunIds.join(", ")}`,
    `    ${endpoint}/incidents/${incident.incidentId}`,
  ].join("\n");
}

function tellCall({ type, data }: VerifiedCall): void {
  const { workflow, reason } = data as { workflow?: string; reason?: string };
  const size = Buffer.byteLength(JSON.stringify(data));
  say(`WEBHOOK, signature verified: ${type} of ${workflow ?? ""}, ${size} bytes: ${reason ?? ""}`);
}

function simulated(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 16).replace("T", " ");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
