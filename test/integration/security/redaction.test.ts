import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { encodeOtlp } from "../../fuzz/encode-otlp.ts";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";
import { badSpan, heldAct, labelEvents, noteOf, plainRun, sdkSpan } from "./plant.ts";
import { plantedSecrets } from "./secrets.ts";

const secrets = plantedSecrets(1000);
const folder = dataFolder();
const work = mkdtempSync(join(tmpdir(), "evenkeel-planted-"));
const patterns = join(work, "patterns");
const received: string[] = [];
let receiver: Server;
let sidecar: Sidecar;

/** The planted secrets that `grep` finds in a file or anywhere below a folder. */
function leaksIn(path: string): string[] {
  const { stdout } = spawnSync("grep", ["-raohF", "-f", patterns, path], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return [...new Set(stdout.split("\n").filter((line) => line !== ""))].map(kindOf);
}

function kindOf(leak: string): string {
  const secret = secrets.find((one) => one.leak === leak);
  return `${secret?.kind ?? "?"}: ${leak}`;
}

function leaksInText(name: string, content: string): string[] {
  const path = join(work, name);
  writeFileSync(path, content);
  return leaksIn(path);
}

async function post(path: string, body: Uint8Array | string, type = "application/json"): Promise<number> {
  const answer = await fetch(sidecar.url + path, {
    method: "POST",
    headers: { "content-type": type },
    body: body as string,
  });
  await answer.arrayBuffer();
  return answer.status;
}

const spans = (list: unknown[]) => ({ resourceSpans: [{ scopeSpans: [{ spans: list }] }] });
const logs = (list: unknown[]) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: list }] }] });

beforeAll(async () => {
  writeFileSync(patterns, secrets.map(({ leak }) => leak).join("\n"));
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push(body);
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const config = join(work, "evenkeel.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      routes: { slack: { webhook_url: url }, webhook: { url } },
      allow_private_webhooks: true,
      workflows: { planted: { owner: "ana", review: { sample_rate: 1 } } },
    }),
  );
  sidecar = await startSidecar(folder.data, ["--config", config]);
});

afterAll(async () => {
  await sidecar.stop();
  receiver.close();
  folder.remove();
  rmSync(work, { recursive: true, force: true });
});

it("finds every secret where nothing redacts", () => {
  expect(leaksInText("control", JSON.stringify(secrets.map(({ text: planted }) => planted)))).toHaveLength(
    1000,
  );
});

it("1,000 secrets of 30 kinds are found nowhere, however they came", async () => {
  expect(new Set(secrets.map(({ kind }) => kind)).size).toBe(30);
  for (let at = 0; at < secrets.length; at += 50) {
    const some = secrets.slice(at, at + 50);
    const request = spans(some.map((secret, index) => sdkSpan(secret, at + index)));
    const isJson = at % 100 === 0;
    const bad = spans(some.map((secret, index) => badSpan(secret, at + index)));
    const labels = logs(some.flatMap((secret, index) => labelEvents(secret, at + index)));
    const otlp = (path: string, body: object) =>
      isJson ? post(path, JSON.stringify(body)) : post(path, encodeOtlp(body), "application/x-protobuf");
    const plain = some.map((secret, index) => plainRun(secret, at + index));
    const statuses = [
      await post("/v1/runs", JSON.stringify(plain)),
      await otlp("/v1/traces", request),
      await otlp("/v1/traces", bad),
      await otlp("/v1/logs", labels),
      await post("/v1/runs", JSON.stringify(plain.map((run) => ({ ...run, workflow: 7 })))),
    ];
    expect(statuses).toEqual([200, 200, 200, 200, 400]);
  }
  // What cannot be read at all: cut off, not JSON, or JSON that is sent as protobuf.
  for (const [index, secret] of secrets.entries()) {
    if (index % 4 !== 0) continue;
    const whole = JSON.stringify(plainRun(secret, index));
    const bytes = encodeOtlp(spans([sdkSpan(secret, index)]));
    const statuses = await Promise.all([
      post("/v1/runs", whole.slice(0, -1)),
      post("/v1/traces", bytes.subarray(0, -3), "application/x-protobuf"),
      post("/v1/traces", whole, "application/x-protobuf"),
      post(`/v1/runs/plain-${index}/review`, JSON.stringify({ verdict: "rejected", note: noteOf(secret) })),
    ]);
    expect(statuses).toEqual([400, 400, 400, 200]);
  }
  // What the journal keeps by itself: held acts, labels that wait for their run, frozen inputs.
  for (const [index, secret] of secrets.entries()) {
    if (index % 4 !== 1) continue;
    const note = noteOf(secret);
    const statuses = await Promise.all([
      post("/v1/approvals", JSON.stringify(heldAct(secret))),
      post(
        "/v1/decisions",
        JSON.stringify({ workflow: "planted", key: `k${index}`, output: { note }, note }),
      ),
      post(
        "/v1/outcomes",
        JSON.stringify({ workflow: "planted", key: `k${index}`, name: "paid", value: note }),
      ),
    ]);
    expect(statuses.every((status) => status < 300)).toBe(true);
  }
  const cases = secrets.slice(0, 60).map((secret, index) => ({
    case_id: `c${index}`,
    inputs: plainRun(secret, index).inputs,
    outputs: plainRun(secret, index).outputs,
  }));
  expect(await post("/v1/workflows/planted/canary/cases", JSON.stringify({ actor: "ana", cases }))).toBe(200);
  await post("/v1/workflows/planted/pause", JSON.stringify({ actor: "ana", reason: "looks wrong" }));
  await eventually(async () => {
    const metrics = await (await fetch(`${sidecar.url}/metrics`)).text();
    return /^evenkeel_spool_runs 0$/m.test(metrics) && received.length >= 2;
  });
});

it.each([
  "/metrics",
  "/rejects",
  "/approvals",
  "/v1/approvals",
  "/v1/workflows/planted/canary",
  "/runs?workflow=planted",
  "/v1/runs?workflow=planted&limit=500",
  "/workflows/planted",
])("%s shows none of them", async (path) => {
  const answer = await fetch(sidecar.url + path);
  expect(answer.status).toBe(200);
  expect(leaksInText("page", await answer.text())).toEqual([]);
});

it("neither the log, nor messages, nor the raw files hold any", async () => {
  expect(leaksInText("messages", received.join("\n"))).toEqual([]);
  expect(leaksIn(folder.data)).toEqual([]);
  await sidecar.stop();
  expect(leaksInText("log", sidecar.output())).toEqual([]);
  expect(leaksIn(folder.data)).toEqual([]);
});

it("no table holds any, decompressed and decoded", async () => {
  const store = openChdbStore({ path: join(folder.data, "clickhouse"), log: pino({ level: "silent" }) });
  const tables = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree%'",
  );
  const found: Record<string, string[]> = {};
  let rowCount = 0;
  for (const { name } of tables) {
    const rows = await store.query<Record<string, unknown>>(`SELECT * FROM ${name}`);
    rowCount += rows.length;
    const bodies = rows.flatMap(({ body }) =>
      typeof body === "string" ? [Buffer.from(body, "base64").toString()] : [],
    );
    // A text of JSON escapes the quotes of the JSON inside, and no secret has any.
    const leaks = leaksInText(`table-${name}`, `${JSON.stringify(rows)}\n${bodies.join("\n")}`);
    if (leaks.length > 0) found[name] = leaks.slice(0, 40);
  }
  await store.close();
  expect(tables.length).toBeGreaterThan(6);
  expect(rowCount).toBeGreaterThan(5000);
  expect(found).toEqual({});
});
