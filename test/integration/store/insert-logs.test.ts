import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import { repairInsertLogs } from "../../../src/store/insert-logs.ts";
import type { Store } from "../../../src/store/port.ts";
import { ndjson, rollupRow, runRow } from "../../conformance/rows.ts";

const log = pino({ level: "silent" });
const minute = 1_790_000_040;
const stored = mkdtempSync(join(tmpdir(), "evenkeel-inserts-"));
/** Folders of the tables, below a store. */
const folders = { runs: "", rollups: "", rollups_hour: "" };

async function insert(store: Store, n: number): Promise<void> {
  await store.insert("runs", ndjson([runRow({ run_id: `r${n}` })]), `segment-${n}:runs`);
  await store.insert("rollups", ndjson([rollupRow({ minute })]), `segment-${n}:rollups`);
}

// A store in which the rows of three segments are.
beforeAll(async () => {
  const store = openChdbStore({ path: stored, log });
  await store.migrate();
  for (const n of [1, 2, 3]) await insert(store, n);
  const found = await store.query<{ name: keyof typeof folders; path: string }>(
    "SELECT name, data_paths[1] AS path FROM system.tables WHERE name IN ('runs', 'rollups', 'rollups_hour')",
  );
  for (const { name, path } of found) folders[name] = path.slice(stored.length + 1);
  await store.close();
});

type Folder = keyof typeof folders;
const logOf = (path: string, table: Folder) =>
  join(path, folders[table], "deduplication_logs/deduplication_log_1.txt");
const lines = (path: string, table: Folder) => readFileSync(logOf(path, table), "latin1").split("\n");

/** Loses the last line of a log, as a power loss does to what was not synced. */
function loseLine(path: string, table: Folder): void {
  const known = lines(path, table);
  writeFileSync(
    logOf(path, table),
    known
      .slice(0, -2)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

/** Loses the part of the last insert. */
function losePart(path: string, table: Folder): void {
  const names = readdirSync(join(path, folders[table])).filter((name) => /^\d+_4_4_/.test(name));
  for (const name of names) rmSync(join(path, folders[table], name), { recursive: true });
  expect(names.length).toBeGreaterThan(0);
}

const cases: { why: string; harm: (path: string) => void; isShownWithout: boolean }[] = [
  { why: "nothing", harm: () => undefined, isShownWithout: false },
  { why: "the line of the runs", harm: (path) => loseLine(path, "runs"), isShownWithout: false },
  { why: "the line of the rollups", harm: (path) => loseLine(path, "rollups"), isShownWithout: false },
  { why: "the line of the hours", harm: (path) => loseLine(path, "rollups_hour"), isShownWithout: false },
  {
    why: "all three lines",
    harm: (path) => (["runs", "rollups", "rollups_hour"] as const).forEach((table) => loseLine(path, table)),
    isShownWithout: true,
  },
  {
    why: "half a line",
    harm(path) {
      truncateSync(logOf(path, "runs"), readFileSync(logOf(path, "runs")).length - 20);
    },
    isShownWithout: true,
  },
  {
    why: "a line of which only the length was written",
    harm(path) {
      loseLine(path, "rollups");
      appendFileSync(logOf(path, "rollups"), Buffer.alloc(59));
    },
    isShownWithout: true,
  },
  { why: "the part of the runs", harm: (path) => losePart(path, "runs"), isShownWithout: false },
  { why: "the part of the hours", harm: (path) => losePart(path, "rollups_hour"), isShownWithout: false },
];

/** Harms a copy of the store, mends it if wanted, inserts the last segment again and a new one, and counts. */
async function countAfter(harm: (path: string) => void, isMended: boolean) {
  const path = mkdtempSync(join(tmpdir(), "evenkeel-inserts-"));
  cpSync(stored, path, { recursive: true });
  harm(path);
  if (isMended) repairInsertLogs({ path, log, hasSegments: true });
  let store = openChdbStore({ path, log });
  await insert(store, 3);
  await insert(store, 4);
  await store.close();
  // And once more, since what was torn must not hide what came behind it.
  if (isMended) repairInsertLogs({ path, log, hasSegments: true });
  store = openChdbStore({ path, log });
  await insert(store, 4);
  const [counts] = await store.query<Record<string, number>>(
    `SELECT (SELECT toUInt32(count()) FROM runs) AS runs, (SELECT toUInt32(sum(n)) FROM rollups) AS minutes,
      (SELECT toUInt32(sum(n)) FROM rollups_hour) AS hours`,
  );
  await store.close();
  rmSync(path, { recursive: true });
  return counts;
}

const right = { runs: 4, minutes: 4, hours: 4 };

describe("repairInsertLogs() after a power loss that took", () => {
  it.each(cases)("$why", async ({ harm, isShownWithout }) => {
    expect(await countAfter(harm, true)).toEqual(right);
    if (isShownWithout) expect(await countAfter(harm, false)).not.toEqual(right);
  });

  it("leaves everything as it is where no segment is left to be inserted again", async () => {
    const path = mkdtempSync(join(tmpdir(), "evenkeel-inserts-"));
    cpSync(stored, path, { recursive: true });
    loseLine(path, "runs");
    repairInsertLogs({ path, log, hasSegments: false });
    const store = openChdbStore({ path, log });
    expect(await store.query("SELECT toUInt32(count()) AS runs FROM runs")).toEqual([{ runs: 3 }]);
    await store.close();
  });

  it("sets parts of the same name aside as often as they come", async () => {
    const path = mkdtempSync(join(tmpdir(), "evenkeel-inserts-"));
    cpSync(stored, path, { recursive: true });
    for (let time = 0; time < 3; time++) {
      loseLine(path, "runs");
      repairInsertLogs({ path, log, hasSegments: true });
      const store = openChdbStore({ path, log });
      await insert(store, 3);
      await store.close();
    }
    const aside = readdirSync(join(path, folders.runs, "detached"));
    expect(aside.filter((name) => name.startsWith("unlogged_"))).toHaveLength(3);
  });

  it("does nothing to a folder without a store", () => {
    repairInsertLogs({ path: join(stored, "none"), log, hasSegments: true });
  });
});
