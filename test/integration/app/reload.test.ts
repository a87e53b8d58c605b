import { createHash } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dataFolder, eventually, type Sidecar, startSidecar } from "../../sidecar.ts";

const folder = dataFolder();
const file = join(folder.data, "evenkeel.yaml");
let sidecar: Sidecar;
let settings: Record<string, unknown> = {};

const keyOf = (name: string, ...scopes: string[]) => ({
  name,
  sha256: createHash("sha256").update(name).digest("hex"),
  scopes,
});

/** Writes the file as careful editors do: the new one takes the place of the old. */
function write(change: Record<string, unknown>): void {
  settings = { ...settings, ...change };
  writeFileSync(`${file}.new`, JSON.stringify(settings));
  renameSync(`${file}.new`, file);
}

async function ask(path: string, key = "ana", body?: unknown): Promise<{ status: number; text: string }> {
  const answer = await fetch(sidecar.url + path, {
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text() };
}

const sends = (run_id: string, key = "sdk") =>
  ask("/v1/runs", key, { run_id, workflow: "w", inputs: { name: "Ben Smith" }, outputs: { a: "" } });
const stored = (run_id: string) =>
  eventually(async () => {
    const { status, text } = await ask(`/v1/runs/${run_id}`);
    return status === 200 ? text : null;
  });
const reloads = async (result: string) =>
  Number(
    new RegExp(`config_reloads_total\\{result="${result}"\\} (\\d+)`).exec(
      (await ask("/metrics")).text,
    )?.[1] ?? 0,
  );

beforeAll(async () => {
  write({
    host: "127.0.0.1",
    keys: [keyOf("ana", "admin"), keyOf("sdk", "ingest"), keyOf("old", "ingest")],
    workflows: { w: { owner: "ana" } },
  });
  sidecar = await startSidecar(folder.data, ["--config", file]);
});
afterAll(async () => {
  await sidecar.stop();
  folder.remove();
});

it("a changed file is taken over: owner, contract, keys and redaction, while runs come", async () => {
  expect((await sends("before")).status).toBe(200);
  expect(await stored("before")).toContain("Ben Smith");
  write({
    keys: [keyOf("ana", "admin"), keyOf("sdk", "ingest")],
    redaction: { fields: ["input.name"] },
    workflows: { w: { owner: "ben", contract: { outputs: { a: { required: true } } } } },
  });
  await eventually(async () => (await reloads("reloaded")) === 1);
  expect((await sends("revoked", "old")).status).toBe(401);
  expect((await sends("after")).status).toBe(200);
  const after = await stored("after");
  expect(after).not.toContain("Ben Smith");
  expect(after).toContain('"rule":"required"');
  expect(JSON.parse((await ask("/v1/workflows/w")).text)).toMatchObject({ owner: "ben" });
});

it("SIGHUP reads the file at once, and a refused one leaves all of the old settings", async () => {
  write({ sweep_seconds: 9, workflows: { w: { owner: "carl" } } });
  sidecar.process.kill("SIGHUP");
  await eventually(async () => (await reloads("refused")) > 0);
  expect(JSON.parse((await ask("/v1/workflows/w")).text)).toMatchObject({ owner: "ben" });
  expect((await ask("/metrics")).text).toContain("evenkeel_config_last_reload_successful 0");
  expect((await ask("/")).text).toContain("&#39;sweep_seconds&#39; cannot change while the sidecar runs");
  expect((await ask("/readyz")).status).toBe(200);
  expect((await sends("still")).status).toBe(200);
});

it("a file that is no YAML changes nothing", async () => {
  const refused = await reloads("refused");
  writeFileSync(file, "workflows: [");
  await eventually(async () => (await reloads("refused")) > refused);
  expect(sidecar.output()).toContain("Cannot reload the configuration");
  expect((await sends("yet")).status).toBe(200);
});

it("a mended file is in force again, and nothing was lost on the way", async () => {
  settings = { ...settings, sweep_seconds: 2 };
  write({ workflows: { w: { owner: "dora" } } });
  await eventually(async () => (await reloads("reloaded")) === 2);
  expect((await ask("/")).text).not.toContain("cannot change while");
  expect((await ask("/metrics")).text).toContain("evenkeel_config_last_reload_successful 1");
  for (const run of ["before", "after", "still", "yet"]) await stored(run);
});
