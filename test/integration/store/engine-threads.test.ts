import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { constants, getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { ndjson, rollupRow } from "../../conformance/rows.ts";

const isLinux = process.platform === "linux";
const ownIds = new Set(threads().map(({ id }) => id));
let store: Store;

beforeAll(async () => {
  store = openChdbStore({
    path: mkdtempSync(join(tmpdir(), "evenkeel-threads-")),
    log: pino({ level: "silent" }),
  });
  await store.migrate();
  // Starts threads that were not needed before.
  await store.query("SELECT uniqExact(number) FROM numbers_mt(5000000)");
  await store.insert("rollups", ndjson([rollupRow({ minute: 1_790_000_040 })]), "a segment");
});
afterAll(() => store.close());

it.runIf(isLinux)("openChdbStore() lets the engine's threads run behind those that answer", () => {
  // The engine's watch over its memory goes first, where it may: that is its own business.
  const engine = threads().filter(({ id, name }) => !ownIds.has(id) && name !== "MemoryWorker");
  expect(engine.map(({ name }) => name)).toContain("MergeMutate");
  const lowered = Math.min(getPriority() + 10, constants.priority.PRIORITY_LOW);
  expect(new Set(engine.map(({ nice }) => nice))).toEqual(new Set([lowered]));
});

it.runIf(isLinux)("openChdbStore() leaves the threads that were there before as they are", () => {
  const own = threads().filter(({ id }) => ownIds.has(id));
  // The thread that answers, and libuv's pool, which syncs.
  expect(own.length).toBeGreaterThan(4);
  expect(new Set(own.map(({ nice }) => nice))).toEqual(new Set([getPriority()]));
});

function threads(): { id: number; name: string; nice: number }[] {
  if (!isLinux) return [];
  return readdirSync("/proc/self/task").flatMap((id) => {
    try {
      const stat = readFileSync(`/proc/self/task/${id}/stat`, "utf8");
      const end = stat.lastIndexOf(")");
      const nice = Number(stat.slice(end + 2).split(" ")[16]);
      return [{ id: Number(id), name: stat.slice(stat.indexOf("(") + 1, end), nice }];
    } catch {
      return []; // The thread has ended, as those of a query may at any time.
    }
  });
}
