import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import LibsqlDatabase from "libsql";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { dataFolder, eventually, runCommand, type Sidecar, startSidecar } from "../../sidecar.ts";

// A person in every place that this data folder has, and afterwards in none.
const person = "Zoë O'Hara-Quist";
const email = "zoe.quist@example.test";
const folder = dataFolder();
const key = "an admin key";
const sender = "an ingest key";
let sidecar: Sidecar;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function call(path: string, body?: unknown, token = key): Promise<{ status: number; body: string }> {
  const answer = await fetch(sidecar.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.text() };
}

/** Files of the data folder in which the person's name or address stands as it is. */
function filesWithPerson(): string[] {
  const names = [person, JSON.stringify(person).slice(1, -1), "Quist", email].flatMap((one) => ["-e", one]);
  const { stdout } = spawnSync("grep", ["-rlaF", ...names, folder.data], { encoding: "utf8" });
  return stdout.split("\n").filter((name) => name !== "");
}

beforeAll(async () => {
  const config = join(folder.data, "evenkeel.yaml");
  writeFileSync(
    config,
    JSON.stringify({
      host: "127.0.0.1",
      keys: [
        { name: "ana", sha256: sha256(key), scopes: ["admin"] },
        { name: "sdk", sha256: sha256(sender), scopes: ["ingest"] },
      ],
      workflows: { letters: { owner: "ana", review: { sample_rate: 1 } } },
    }),
  );
  sidecar = await startSidecar(folder.data, ["--config", config]);
});
afterAll(async () => {
  await sidecar.stop();
  folder.remove();
});

it("a person gets into runs, counts, reviews, rejects, incidents' words and damaged files", async () => {
  const run = (run_id: string, name: string, more: object = {}) => ({
    run_id,
    workflow: "letters",
    inputs: { customer: { name, email: name === person ? email : "ben@example.test" } },
    outputs: { salutation: name },
    ...more,
  });
  const runs = [
    ...Array.from({ length: 6 }, (_, at) => run(`zoe-${at}`, person)),
    ...Array.from({ length: 6 }, (_, at) => run(`ben-${at}`, "Ben")),
    run("about", "Ben", { error: { type: "NoAnswer", message: `no answer for ${person}` } }),
  ];
  expect((await call("/v1/runs", runs, sender)).status).toBe(200);
  expect((await call("/v1/runs", { ...run("bad", person), workflow: 7 }, sender)).status).toBe(400);
  expect(
    (await call("/v1/runs/ben-1/review", { verdict: "rejected", note: `meant for ${person}` })).status,
  ).toBe(200);
  const act = { actor: "ana", reason: `${person} complained` };
  expect((await call("/v1/workflows/letters/pause", act)).status).toBe(200);
  mkdirSync(join(folder.data, "spool", "quarantine"), { recursive: true });
  writeFileSync(
    join(folder.data, "spool", "quarantine", "x-1.bin"),
    Buffer.from(`\0\x01{"name":"${person}"}`),
  );
  await eventually(async () => /^evenkeel_spool_runs 0$/m.test((await call("/metrics")).body));
  expect(filesWithPerson().length).toBeGreaterThan(3);
});

it("only an admin may have a person forgotten", async () => {
  expect((await call("/v1/forget", { value: person, actor: "x" }, sender)).status).toBe(403);
  expect((await call("/v1/forget", { value: "ab", actor: "x" })).body).toContain(
    "'value' must have 4 to 500",
  );
});

it("a dry run counts and changes nothing", async () => {
  const { status, body } = await call("/v1/forget", { value: person, dry_run: true });
  expect(status).toBe(200);
  // The six, the one whose error names the person, and the one whose review does.
  expect(JSON.parse(body)).toMatchObject({ runs: 8, rejects: 1 });
  expect((await call("/v1/runs/zoe-1")).status).toBe(200);
});

it("the redacted address leads to the same runs", async () => {
  const order = { value: email, field: "input.customer.email", dry_run: true };
  expect(JSON.parse((await call("/v1/forget", order)).body)).toMatchObject({ runs: 6 });
});

it("forgetting leaves the person in no answer, and the others as they were", async () => {
  const { status, body } = await call("/v1/forget", { value: person, reason: `asked by ${person}` });
  expect(status).toBe(200);
  expect(JSON.parse(body)).toMatchObject({ runs: 8, rejects: 1, files: 1 });
  expect((await call("/v1/runs/zoe-1")).status).toBe(404);
  expect((await call("/v1/runs/ben-0")).status).toBe(200);
  for (const path of [
    "/v1/runs?workflow=letters&limit=100",
    "/v1/workflows/letters",
    "/v1/workflows/letters/history?what=buckets",
    "/v1/workflows/letters/gate",
    "/workflows/letters",
    "/rejects",
    "/",
  ]) {
    const page = await call(path);
    expect([path, page.status]).toEqual([path, 200]);
    expect([path, page.body.includes("Quist")]).toEqual([path, false]);
  }
  const counted = (await call("/v1/workflows/letters/history?what=buckets")).body;
  expect(counted).toMatch(/"=\[forgotten:[0-9a-f]{8}\]":6/);
});

it("what was learned of the person does not come back when the catalogue and the detectors are saved", async () => {
  await call(
    "/v1/runs",
    { run_id: "ben-9", workflow: "letters", inputs: {}, outputs: { salutation: "Ben" } },
    sender,
  );
  await sidecar.stop();
  const journal = new LibsqlDatabase(join(folder.data, "journal"));
  const tables = journal.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as {
    name: string;
  }[];
  const held = tables.flatMap(({ name }) =>
    journal
      .prepare(`SELECT * FROM ${name}`)
      .all()
      .filter((row) => JSON.stringify(row).includes("Quist")),
  );
  const audit = journal.prepare("SELECT * FROM audit WHERE action = 'forget'").all() as { detail: string }[];
  journal.close();
  expect(held).toEqual([]);
  expect(audit).toHaveLength(1);
  expect(audit[0]).toMatchObject({
    actor: "ana",
    detail: expect.stringContaining("8 runs, 1 reject,") as string,
  });
});

it("no table holds the person, and in the end no file does", async () => {
  const store = openChdbStore({ path: join(folder.data, "clickhouse"), log: pino({ level: "silent" }) });
  const tables = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree%'",
  );
  for (const { name } of tables) {
    const rows = JSON.stringify(await store.query(`SELECT * FROM ${name}`));
    expect([name, rows.includes("Quist")]).toEqual([name, false]);
  }
  // The engine deletes the files of old parts when it next cleans up: some half a minute after it was opened.
  await eventually(() => Promise.resolve(filesWithPerson().length === 0));
  await store.close();
});

it("the command does the same on a folder that nobody holds, after a question", async () => {
  const args = ["forget", "--value", "Ben", "--actor", "ana", "--data", folder.data, "--port", "1"];
  expect(await runCommand(args)).toMatchObject({
    code: 2,
    output: expect.stringContaining("4 to 500") as string,
  });
  const order = [
    "forget",
    "--field",
    "input.customer.email",
    "--value",
    "ben@example.test",
    ...args.slice(3),
  ];
  const asked = await runCommand(order);
  expect(asked).toMatchObject({ code: 0, output: expect.stringContaining("Would forget: 5 runs") as string });
  const done = await runCommand([...order, "--yes"]);
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining("Forgotten: 5 runs") as string });
});
