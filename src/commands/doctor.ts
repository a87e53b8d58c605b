import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAlerts } from "../alerts/create-alerts.ts";
import { tellingChannels } from "../alerts/owed-messages.ts";
import { openStore } from "../app.ts";
import type { Config } from "../config.ts";
import { openJournal } from "../journal/open-journal.ts";
import { createLog } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import { systemClock } from "../model/clock.ts";
import { within } from "../model/within.ts";
import { plural } from "../model/plural.ts";
import type { Command } from "./command.ts";
import { whoAnswers } from "./sidecar-url.ts";

/** What one check found. */
type Finding = { state: "ok" | "warn" | "fail"; what: string; says: string };

/** Checks what the sidecar stands on, one line each. */
export const doctor: Command = {
  summary: "check configuration, store, clock, disk and routes",
  synopsis: "[--send-test] [options]",
  options: { "send-test": { type: "boolean", means: "send a test message through every route" } },
  async run({ config, values }) {
    const workflows = Object.keys(config.workflows).length;
    const findings: Finding[] = [
      { state: "ok", what: "configuration", says: `${workflows} ${plural(workflows, "workflow")} named` },
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
  const { port } = config;
  const answerer = await whoAnswers(`http://localhost:${port}`);
  const sidecar = (state: Finding["state"], says: string): Finding => ({ state, what: "sidecar", says });
  switch (answerer.kind) {
    case "stranger":
      return [sidecar("fail", `Something else listens on port ${port}`)];
    case "nobody":
      return [sidecar("ok", `None listens on port ${port}`), await store(config)];
    case "sidecar":
      if (answerer.problems.length === 0) return [sidecar("ok", `Runs on port ${port} and is ready`)];
      return answerer.problems.map((says) => sidecar("fail", says));
  }
}

async function store(config: Config): Promise<Finding> {
  try {
    const opened = openStore(config, createLog("warn"));
    await opened.migrate();
    await opened.close();
    const says = config.clickhouse.url === "" ? "Embedded chDB opens" : "ClickHouse answers";
    return { state: "ok", what: "store", says };
  } catch (error) {
    return { state: "fail", what: "store", says: error instanceof Error ? error.message : "Cannot open" };
  }
}

/** Compares the clock with the ClickHouse server's; an embedded store has the same clock. */
async function clockAgainst(url: string): Promise<Finding> {
  const shown = new Date().toISOString();
  if (url === "") return { state: "ok", what: "clock", says: shown };
  try {
    const response = await within(3_000, (signal) => fetch(new URL("/ping", url), { signal }));
    const offMs = Math.abs(Date.now() - Date.parse(response.headers.get("date") ?? shown));
    const says = `${shown}, ${(offMs / 1000).toFixed(0)} s off the ClickHouse server's`;
    return { state: offMs > clockOffMsMax ? "warn" : "ok", what: "clock", says };
  } catch {
    return { state: "warn", what: "clock", says: `${shown}, not compared: ClickHouse does not answer` };
  }
}

function routes(config: Config): Finding[] {
  const names = tellingChannels(config);
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
  const journal = openJournal({ path: join(folder, "journal"), log });
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
