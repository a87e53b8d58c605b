import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createChdbConnection } from "chdb/connection";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dayMs } from "../../../src/model/clock.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { eventually } from "../../sidecar.ts";
import { ndjson, rollupRow, runRow } from "../../conformance/rows.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-retention-"));
const short = "it's \\ short";
const workflows = [
  { workflow: short, runDays: 7, rollupDays: 30 },
  { workflow: "long", runDays: 1000, rollupDays: 1000 },
];
const retention = { runDays: 90, rollupDays: 400, workflows };
let store: Store;

beforeAll(async () => {
  store = openChdbStore({ path, log: pino({ level: "silent" }), layout: retention });
  await store.migrate();
});
afterAll(async () => {
  await store.close();
  rmSync(path, { recursive: true });
});

/** Seconds since the epoch, so many days ago. */
const ago = (days: number) => Math.floor((Date.now() - days * dayMs) / 1000);
const left = async (table: string) =>
  (
    await store.query<{ key: string }>(
      `SELECT concat(workflow, ' ', toString(dateDiff('day', stored_at, now()))) AS key FROM ${table} ORDER BY key`,
    )
  ).map(({ key }) => key);

it("retain() deletes each workflow's rows after its own days, and keeps the others", async () => {
  const names = [short, "long", "other"];
  const runs = names.flatMap((workflow) =>
    [3, 60, 300].map((days) => ({
      ...runRow({ run_id: `${workflow}-${days}`, workflow }),
      stored_at: ago(days),
    })),
  );
  const rollups = names.flatMap((workflow) =>
    [3, 60, 500].map((days) => ({
      ...rollupRow({ minute: 1_790_000_040 + days * 60, workflow }),
      stored_at: ago(days),
    })),
  );
  await insertAged("runs", runs);
  await insertAged("rollups", rollups);
  await store.retain(retention);
  const runsLeft = [`${short} 3`, "long 3", "long 300", "long 60", "other 3", "other 60"];
  const rollupsLeft = [`${short} 3`, "long 3", "long 500", "long 60", "other 3", "other 60"];
  const gone = await eventually(async () => {
    const now = [await left("runs"), await left("rollups")];
    return now[0]?.length === runsLeft.length && now[1]?.length === rollupsLeft.length ? now : null;
  });
  expect(gone).toEqual([runsLeft, rollupsLeft]);
  const hours = await store.query<{ n: string }>(
    "SELECT count() AS n FROM rollups_hour WHERE workflow = 'long'",
  );
  expect(Number(hours[0]?.n)).toBeGreaterThan(0);
});

it("retain() follows changed days", async () => {
  await store.retain({ runDays: 1, rollupDays: 400, workflows });
  await eventually(async () => !(await left("runs")).includes("other 3"));
  expect(await left("runs")).toEqual([`${short} 3`, "long 3", "long 300", "long 60"]);
});

it("retain() deletes what a day brings at once, in one statement for all workflows", async () => {
  const names = Array.from({ length: 60 }, (_, n) => `many-${n}`);
  const today = Math.floor(Date.now() / dayMs) * dayMs;
  const rows = names.flatMap((workflow, n) =>
    [0, 1].map((seconds) => ({
      ...runRow({ run_id: `${workflow}-${seconds}`, workflow }),
      stored_at: (today - (10 + n) * dayMs) / 1000 - seconds,
    })),
  );
  await insertAged("runs", rows);
  const before = await mutations();
  const own = names.map((workflow, n) => ({ workflow, runDays: 10 + n, rollupDays: 400 }));
  await store.retain({ ...retention, workflows: [...workflows, ...own] });
  const many = async () => (await left("runs")).filter((key) => key.startsWith("many"));
  await eventually(async () => (await many()).length === names.length);
  expect(new Set(await many())).toEqual(new Set(names.map((name, n) => `${name} ${10 + n}`)));
  expect((await mutations()) - before).toBe(1);
});

it("retain() begins no second deletion while one is under way", async () => {
  const row = { ...runRow({ run_id: "stuck", workflow: short }), stored_at: ago(20) };
  await insertAged("runs", [row]);
  const { chdb } = createChdbConnection({ path });
  await chdb.queryAsync("SYSTEM STOP MERGES runs");
  const before = await mutations();
  for (let n = 0; n < 3; n += 1) {
    const deletion = await store.retain(retention);
    expect(deletion).toEqual({ table: "runs", ageMs: expect.any(Number), faultCode: "" });
    expect(deletion?.ageMs).toBeLessThan(60_000);
  }
  expect((await mutations()) - before).toBe(1);
  await chdb.queryAsync("SYSTEM START MERGES runs");
  await eventually(async () => !(await left("runs")).includes(`${short} 20`));
  expect(await eventually(async () => (await store.retain(retention)) === null)).toBe(true);
});

it("retain() answers a deletion that fails again and again, with the number of its fault", async () => {
  const { chdb } = createChdbConnection({ path });
  await chdb.queryAsync(
    "ALTER TABLE runs DELETE WHERE throwIf(workflow = 'long') SETTINGS mutations_sync = 0",
  );
  const failed = await eventually(async () => {
    const deletion = await store.retain(retention);
    return deletion?.faultCode === "" ? null : deletion;
  });
  expect(failed).toMatchObject({ table: "runs", faultCode: "395" });
  await chdb.queryAsync("KILL MUTATION WHERE table = 'runs'");
  expect(await eventually(async () => (await store.retain(retention)) === null)).toBe(true);
});

it("retain() keeps to the latest days, also where the clock has been set back", async () => {
  const { chdb } = createChdbConnection({ path });
  await chdb.queryAsync("INSERT INTO migrations VALUES ('retention', 'others', now() + INTERVAL 1 DAY)");
  const entries = async () => (await store.query("SELECT 1 FROM migrations WHERE name = 'retention'")).length;
  const before = await entries();
  for (let n = 0; n < 3; n += 1) await store.retain(retention);
  expect((await entries()) - before).toBe(1);
});

/** Rows that say when they were stored, which those of the store itself never do. */
async function insertAged(table: string, rows: readonly object[]): Promise<void> {
  const { chdb } = createChdbConnection({ path });
  await chdb.rawInsert({ table, values: ndjson(rows), format: "JSONEachRow" });
}

async function mutations(): Promise<number> {
  const counted = await store.query<{ n: string }>(
    "SELECT count() AS n FROM system.mutations WHERE table = 'runs' AND database = currentDatabase()",
  );
  return Number(counted[0]?.n);
}
