import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerType } from "@hono/node-server";
import { serve } from "@hono/node-server";
import { createClient } from "@evenkeel/sdk";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectorRoutes } from "../../../src/collector/routes.ts";
import type { Spool } from "../../../src/collector/spool.ts";
import { createSpool } from "../../../src/collector/spool.ts";
import type { Writer } from "../../../src/collector/writer.ts";
import { createWriter } from "../../../src/collector/writer.ts";
import { systemClock } from "../../../src/model/clock.ts";
import type { Store } from "../../../src/store/port.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { createHarness, jsonBytes } from "../../unit/collector/harness.ts";

const log = pino({ level: "silent" });
const counter = { inc: () => undefined };
const folder = mkdtempSync(join(tmpdir(), "evenkeel-pipeline-"));
let store: Store;
let spool: Spool;
let writer: Writer;
let server: ServerType;
let endpoint: string;

beforeAll(async () => {
  store = openChdbStore({ path: join(folder, "store"), log });
  await store.migrate();
  const meters = { runsReceived: counter, dropped: counter, runsStored: counter, runsRejected: counter };
  spool = await createSpool({
    dir: join(folder, "spool"),
    bytesMax: 1 << 30,
    clock: systemClock,
    log,
    meters,
  });
  writer = createWriter({ spool, store, clock: systemClock, log, meters });
  const { ingest } = createHarness({
    sink: spool,
    seen: spool.seenIds,
    clock: systemClock,
    findRun: (runId) => store.findRun(runId),
  });
  server = serve({ fetch: collectorRoutes(ingest).fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await writer.stop();
  await spool.close();
  await store.close();
});

function post(path: string, body: unknown) {
  return fetch(endpoint + path, {
    method: "POST",
    body: jsonBytes(body) as unknown as string,
    headers: { "content-type": "application/json" },
  });
}

function filesBelow(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const file = join(path, name);
    return statSync(file).isDirectory() ? filesBelow(file) : [file];
  });
}

describe("from the SDK to ClickHouse", () => {
  it("stores runs, steps, reviews and outcomes of observed functions, once and without secrets", async () => {
    const client = createClient({ endpoint });
    let runId = "";
    const triage = client.observe(
      async (ticket: { text: string; password: string }) => {
        runId = client.currentRun().id;
        client.currentRun().confidence(0.9);
        await client.step("classify", () => Promise.resolve({ tokens: 3 }), { kind: "model", model: "m" });
        return { category: "card", echo: ticket.text };
      },
      { workflow: "triage", prompt: "You sort tickets", model: "gpt-5-mini" },
    );
    const fail = client.observe(
      () => {
        throw new TypeError("cannot reach ann@leak.example");
      },
      { workflow: "triage" },
    );
    await triage({ text: "ann@leak.example lost a card", password: "hunter2leak" });
    expect(fail).toThrow(TypeError);
    client.review(runId, { verdict: "edited", output: { category: "loan" }, reviewer: "bob" });
    client.outcome(runId, "resolved", true);
    expect(await client.shutdown()).toBe(true);
    await writer.flush();

    const receipt = await store.receipt(runId);
    expect(receipt).toMatchObject({
      run: { workflow: "triage", source: "sdk", status: "ok", model: "gpt-5-mini", confidence: 0.9 },
      version: { prompt: "You sort tickets" },
      steps: [{ name: "classify", kind: "model", workflow: "triage" }],
      reviews: [{ verdict: "edited", reviewer: "bob", workflow: "triage" }],
      outcomes: [{ name: "resolved", value: "true" }],
    });
    const { runs } = await store.searchRuns({ workflow: "triage", status: "error" });
    expect(runs).toMatchObject([{ error_type: "TypeError" }]);
    for (const file of filesBelow(join(folder, "spool")))
      expect(readFileSync(file, "latin1")).not.toMatch(/leak/);
    expect(JSON.stringify([receipt, runs])).not.toMatch(/leak/);
  });

  it("stores what is odd, big or hostile, in the tables and in the rollups", async () => {
    const odd = {
      run_id: "odd",
      workflow: "odd",
      inputs: { half: "\ud83d", nul: "\u0000", quote: "'\"\\`", long: "x".repeat(200_000), tab: "\t\u2028" },
      outputs: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key ${index}`, index / 7])),
      confidence: 1e308,
      started_at: 12,
      attributes: { "\ud83d": "\ud83d" },
      error: { message: "\ud83d half" },
    };
    expect((await post("/v1/runs", [odd, { run_id: "plain", workflow: "odd", inputs: 1 }, 7])).status).toBe(
      200,
    );
    await writer.flush();
    expect(await store.findRun("odd")).toMatchObject({ workflow: "odd" });
    expect(await store.findRun("plain")).toMatchObject({ workflow: "odd" });
    expect(await store.rejects(10)).toMatchObject([{ reason: "bad_run" }]);
    const [workflow] = (await store.readWorkflows()).filter((row) => row.workflow === "odd");
    expect(workflow?.runs).toBe(2);
  });

  it("finds a run for a review that is no longer in memory", async () => {
    const { ingest } = createHarness({
      sink: spool,
      seen: spool.seenIds,
      clock: systemClock,
      findRun: (runId) => store.findRun(runId),
      findOutputs: async (runId) => (await store.receipt(runId))?.run.outputs ?? null,
    });
    await post("/v1/runs", { run_id: "stored", workflow: "later", outputs: { c: "x" } });
    await writer.flush();
    expect(await ingest.review("stored", { verdict: "edited", output: { c: "y" } })).toMatchObject({
      status: "accepted",
    });
    await writer.flush();
    const [corrected] = await store.readBuckets({
      workflow: "later",
      kinds: ["override_rate"],
      field: "output.c",
      fromMs: Date.now() - 3_600_000,
      toMs: Date.now() + 3_600_000,
      stepMs: 7_200_000,
    });
    expect(corrected?.counts).toEqual({ "yes@0": 1 });
  });

  it("counts a run once that comes by every road at the same time", async () => {
    const body = { run_id: "same", workflow: "once", inputs: { a: 1 } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post("/v1/runs", body)));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    await writer.flush();
    const [workflow] = (await store.readWorkflows()).filter((row) => row.workflow === "once");
    expect(workflow?.runs).toBe(1);
  });
});
