import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAlerts } from "../alerts/create-alerts.ts";
import { openStore } from "../app.ts";
import type { Config } from "../config.ts";
import { openJournal } from "../journal/open-journal.ts";
import { createLog } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { systemClock } from "../model/clock.ts";
import type { Command } from "./command.ts";

/** What one check found. */
type Finding = { state: "ok" | "warn" | "fail"; what: string; says: string };

/** Checks what the sidecar stands on, one line each. */
export const doctor: Command = {
  summary: "check configuration, store, clock, disk and routes",
  synopsis: "[--send-test] [options]",
  options: { "send-test": { type: "boolean" } },
  async run({ config, values }) {
    const findings: Finding[] = [
      { state: "ok", what: "configuration", says: `${Object.keys(config.workflows).length} workflows named` },
      ...owners(config),
      await disk(config),
      ...(await sidecarOrStore(config)),
      await clockAgainst(config.clickhouse.url),
      ...(values["send-test"] === true ? await sendTest(config) : routes(config)),
    ];
    for (const { state, what, says } of findings)
      process.stdout.write(`${state.padEnd(5)} ${what.padEnd(14)} ${says}\n`);
    return findings.some(({ state }) => state === "fail") ? 1 : 0;
  },
};

const freeBytesMin = 1024 ** 3;
const clockOffMsMax = 5_000;

function owners({ workflows }: Config): Finding[] {
  const orphans = Object.entries(workflows).filter(([, { owner }]) => owner === "");
  return orphans.map(([workflow]) => ({
    state: "warn",
    what: "owner",
    says: `Workflow '${workflow}' has none: an alert would reach nobody`,
  }));
}

async function disk({ data }: Config): Promise<Finding> {
  try {
    mkdirSync(data, { recursive: true });
    accessSync(data, constants.W_OK);
  } catch {
    return { state: "fail", what: "data folder", says: `Cannot write to '${data}'` };
  }
  const { bavail, bsize } = await statfs(data);
  const freeBytes = bavail * bsize;
  const says = `'${data}' is writable, ${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`;
  return { state: freeBytes < freeBytesMin ? "warn" : "ok", what: "data folder", says };
}

/** Asks a running sidecar; where none runs, opens the store itself. */
async function sidecarOrStore(config: Config): Promise<Finding[]> {
  const running = await askSidecar(config.port);
  if (running !== null) return running;
  const idle: Finding = { state: "ok", what: "sidecar", says: `None listens on port ${config.port}` };
  const log = createLog("warn");
  try {
    const store = openStore(config, log);
    await store.migrate();
    await store.close();
    return [
      idle,
      {
        state: "ok",
        what: "store",
        says: config.clickhouse.url === "" ? "Embedded chDB opens" : "ClickHouse answers",
      },
    ];
  } catch (error) {
    return [
      idle,
      { state: "fail", what: "store", says: error instanceof Error ? error.message : "Cannot open" },
    ];
  }
}

async function askSidecar(port: number): Promise<Finding[] | null> {
  try {
    const response = await fetch(`http://localhost:${port}/readyz`, { signal: AbortSignal.timeout(3_000) });
    const { problems } = (await response.json()) as { problems?: string[] };
    if (problems === undefined)
      return [{ state: "fail", what: "sidecar", says: `Something else listens on port ${port}` }];
    if (problems.length === 0)
      return [{ state: "ok", what: "sidecar", says: `Runs on port ${port} and is ready` }];
    return problems.map((says) => ({ state: "fail", what: "sidecar", says }));
  } catch (error) {
    if (error instanceof SyntaxError)
      return [{ state: "fail", what: "sidecar", says: `Something else listens on port ${port}` }];
    return null;
  }
}

/** Compares the clock with the ClickHouse server's; an embedded store has the same clock. */
async function clockAgainst(url: string): Promise<Finding> {
  const shown = new Date().toISOString();
  if (url === "") return { state: "ok", what: "clock", says: shown };
  try {
    const response = await fetch(new URL("/ping", url), { signal: AbortSignal.timeout(3_000) });
    const offMs = Math.abs(Date.now() - Date.parse(response.headers.get("date") ?? shown));
    const says = `${shown}, ${(offMs / 1000).toFixed(0)} s off the ClickHouse server's`;
    return { state: offMs > clockOffMsMax ? "warn" : "ok", what: "clock", says };
  } catch {
    return { state: "warn", what: "clock", says: `${shown}, not compared: ClickHouse does not answer` };
  }
}

function configuredRoutes({ routes }: Config): string[] {
  return [
    ...(routes.slack.webhook_url === "" && routes.slack.bot_token === "" ? [] : ["slack"]),
    ...(routes.alertmanager.url === "" ? [] : ["alertmanager"]),
    ...(routes.webhook.url === "" ? [] : ["webhook"]),
  ];
}

function routes(config: Config): Finding[] {
  const names = configuredRoutes(config);
  if (names.length === 0)
    return [{ state: "warn", what: "routes", says: "None is set: incidents show on the page only" }];
  return [
    { state: "ok", what: "routes", says: `${names.join(", ")} (send a test message with --send-test)` },
  ];
}

/** Sends one message through every route, by the same code as an incident's. */
async function sendTest(config: Config): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-doctor-"));
  const log = createLog("warn");
  const journal = openJournal({ path: folder, log });
  try {
    const alerts = createAlerts({
      journal,
      clock: systemClock,
      settings: config,
      meters: createMetrics(),
      log,
    });
    alerts.problem({
      problemId: "test",
      text: "This is a test message of evenkeel doctor. Nothing is wrong.",
      solved: false,
    });
    await alerts.drain();
    const sent = journal.outbox.list();
    if (sent.length === 0) return routes(config);
    return sent.map(({ channel, state, lastError }) =>
      state === "delivered"
        ? { state: "ok", what: `route ${channel}`, says: "Took the test message" }
        : { state: "fail", what: `route ${channel}`, says: lastError },
    );
  } finally {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
