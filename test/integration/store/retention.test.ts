import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  await store.insert("runs", ndjson(runs), "a");
  await store.insert("rollups", ndjson(rollups), "b");
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
