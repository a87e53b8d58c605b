import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../../src/model/errors.ts";
import { createForgetting } from "../../../src/model/forgetting.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { sampleRuns } from "../../../src/store/queries-review.ts";
import { ndjson, rollupRow, runRow } from "../../conformance/rows.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-embedded-"));
const log = pino({ level: "silent" });
let store: Store;

beforeAll(async () => {
  store = openChdbStore({ path, log });
  await store.migrate();
});
afterAll(() => store.close());

it("openChdbStore() takes rows and answers sweeps while a report runs", async () => {
  let isReporting = true;
  const report = store
    .query("SELECT sum(sipHash64(number)) FROM numbers(1000000000000) SETTINGS max_execution_time = 2")
    .catch((error: unknown) => error)
    .finally(() => (isReporting = false));
  await store.insert("rollups", ndjson([rollupRow({ minute: 1_790_000_040 })]), "beside a report");
  expect(await store.readWorkflows()).toHaveLength(1);
  expect(isReporting).toBe(true);
  expect(await report).toBeInstanceOf(TransientError);
});

it("openChdbStore() keeps texts as they are, in whatever pieces they come, and twice for one token once", async () => {
  const texts = [
    "",
    "\0",
    "a\0b\r\nc\u2028\t\x7f\ufeff",
    '"\\',
    "\\ud83d",
    "\\N",
    "🙂'{x:String}",
    'é\\"'.repeat(1_000_000),
  ];
  const rows = texts.map((text, n) =>
    runRow({ run_id: `text-${n}`, workflow: "texts", model: text, error_message: text, inputs: text }),
  );
  const pieces = [ndjson(rows.slice(0, 3)), ...rows.slice(3).map((row) => ndjson([row]))];
  for (let i = 0; i < 2; i++) await store.insert("runs", pieces, "texts");
  const columns = "model, error_message, inputs";
  const kept = await store.query(`SELECT ${columns} FROM runs WHERE workflow = 'texts' ORDER BY run_id`);
  expect(kept).toEqual(texts.map((text) => ({ model: text, error_message: text, inputs: text })));
});

it("openChdbStore() inserts a batch as one block, however many rows it has", async () => {
  const rows = Array.from({ length: 150_000 }, (_, n) => `{"run_id":"b${n}","workflow":"block"}\n`);
  for (let i = 0; i < 2; i++) await store.insert("runs", Buffer.from(rows.join("")), "block");
  expect(
    await store.query(
      "SELECT toInt32(count()) AS n, uniqExact(_part) = 1 AS one FROM runs WHERE workflow = 'block'",
    ),
  ).toEqual([{ n: 150_000, one: 1 }]);
});

it("openChdbStore() blames a row also where the engine's text ends early, at a NUL that it quotes", async () => {
  const rows = ndjson([{ ...runRow({ run_id: "stranger" }), ["sur\0prise"]: 1 }]);
  await expect(store.insert("runs", rows, "stranger")).rejects.toBeInstanceOf(PermanentError);
});

it("openChdbStore() closes once an insert that is under way is done", async () => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-embedded-"));
  const script = `
    import { pino } from "pino";
    import { openChdbStore } from ${JSON.stringify(new URL("../../../src/store/chdb-store.ts", import.meta.url).pathname)};
    const store = openChdbStore({ path: ${JSON.stringify(folder)}, log: pino({ level: "silent" }) });
    await store.migrate();
    const rows = (from) => Array.from({ length: 20_000 }, (_, n) => Buffer.from(JSON.stringify({ run_id: "r" + (from + n) }) + "\\n"));
    await store.insert("runs", rows(0), "first");
    const second = store.insert("runs", rows(20_000), "second");
    await store.close();
    console.log(await second.then(() => "inserted", (error) => error.message));`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", script];
  expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toContain("inserted");
});

/** Answers its fault after some seconds: nothing ends it but its limit of time. */
const endless = (seconds: number) => {
  const params = { none: 2 ** 53 - 1, text: "it's" };
  return store
    .query(
      `SELECT sum(sipHash64(number, {text:String})) FROM numbers(1000000000000) WHERE number != {none:UInt64}
      SETTINGS max_execution_time = ${seconds}, max_threads = 1`,
      params,
    )
    .catch((error: unknown) => error);
};

it("openChdbStore() answers sweeps with parameters while a report with parameters runs", async () => {
  let isReporting = true;
  const report = endless(2).finally(() => (isReporting = false));
  expect(await store.findRun("none")).toBeNull();
  expect(await store.findRunByKey("none", "it's")).toBeNull();
  expect(await store.findOutputs("none")).toBeNull();
  expect(await store.version("none", "1")).toBeNull();
  expect(await store.readVersions({ fromMs: 0, toMs: 60_000 })).toEqual([]);
  expect(await store.readBuckets({ fromMs: 0, toMs: 60_000, stepMs: 60_000 })).toEqual([]);
  expect(isReporting).toBe(true);
  expect(await report).toBeInstanceOf(TransientError);
});

it("openChdbStore() looks up evidence, runs to review and one run while a report runs", async () => {
  let isReporting = true;
  const report = endless(2).finally(() => (isReporting = false));
  const signal = { workflow: "none", kind: "errors", field: "" } as const;
  const span = { fromMs: 0, toMs: 60_000 };
  expect(await store.exampleRuns({ signal, bin: "yes", ...span, limit: 3 })).toEqual([]);
  expect(await store.sliceCounts({ signal, bin: "yes", ...span })).toEqual([]);
  expect(await store.receipt("none")).toBeNull();
  const sample = { key: [1, 2], probabilities: new Map([["none", 1]]), limit: 3 } as const;
  expect(await sampleRuns(store, { ...span, ...sample })).toEqual([]);
  expect(isReporting).toBe(true);
  expect(await report).toBeInstanceOf(TransientError);
});

it("openChdbStore() refuses reports at the end of a long line, and answers those that are in it", async () => {
  const report = endless(1);
  const waiting = Array.from({ length: 32 }, () => store.query("SELECT 1 AS one"));
  const refused: unknown = await store.query("SELECT 1 AS one").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(TransientError);
  expect(refused).toMatchObject({ retryAfterSeconds: 10, message: expect.stringContaining("32 reads wait") });
  expect(await store.findRun("none")).toBeNull();
  expect(await report).toBeInstanceOf(TransientError);
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => [{ one: 1 }]));
  expect(await store.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

const anySpan = { fromMs: 0, toMs: 60_000 };

it("openChdbStore() answers a sweep while pages that draw many charts wait for theirs, and refuses one more", async () => {
  const pages = store.reads("page");
  let answered = 0;
  const charts = Array.from({ length: 201 }, () =>
    pages.readBuckets({ ...anySpan, stepMs: 60_000 }).finally(() => (answered += 1)),
  );
  const refused: unknown = await pages.readVersions(anySpan).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(TransientError);
  expect(await store.readBuckets({ ...anySpan, stepMs: 60_000 })).toEqual([]);
  expect(answered).toBeLessThan(charts.length / 2);
  expect(await Promise.all(charts)).toEqual(charts.map(() => []));
});

it("openChdbStore() draws charts and forgets while people search, however many wait", async () => {
  let isReporting = true;
  const report = endless(2).finally(() => (isReporting = false));
  const waiting = Array.from({ length: 32 }, () => store.query("SELECT 1 AS one"));
  await expect(store.reads("report").readVersions(anySpan)).rejects.toBeInstanceOf(TransientError);
  expect(await store.reads("page").readVersions(anySpan)).toEqual([]);
  const forgetting = createForgetting(["nobody@example.test"], "[forgotten]");
  const forgotten = await store.forget({ isTrial: false, token: "beside searches" }, forgetting);
  expect(forgotten).toEqual({ runIds: [], rejects: 0, counts: 0, rewritten: 0 });
  expect(isReporting).toBe(true);
  expect(await report).toBeInstanceOf(TransientError);
  await Promise.all(waiting);
});

it("openChdbStore() leaves the pool that syncs alone, however many reports wait", async () => {
  let isReporting = true;
  // As many as the pool has threads, where nobody has asked for more.
  const reports = [endless(1).finally(() => (isReporting = false)), endless(1), endless(1), endless(1)];
  const file = await open(join(path, "beside"), "w");
  await file.datasync();
  await file.close();
  expect(isReporting).toBe(true);
  expect(await Promise.all(reports)).toEqual(reports.map(() => expect.any(TransientError) as unknown));
});

it("openChdbStore() stops a report that wants too much memory", async () => {
  const greedy =
    "SELECT length(groupArray(repeat('x', 1000))) FROM numbers(5000000) SETTINGS max_threads = 1";
  await expect(store.query(greedy)).rejects.toBeInstanceOf(TransientError);
  expect(await store.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("openChdbStore() refuses a folder that another process has open, and says so", () => {
  const script = `
    import { pino } from "pino";
    import { openChdbStore } from ${JSON.stringify(new URL("../../../src/store/chdb-store.ts", import.meta.url).pathname)};
    try {
      openChdbStore({ path: ${JSON.stringify(path)}, log: pino({ level: "silent" }) });
    } catch (error) {
      console.log(error.name, error.message);
    }`;
  const output = execFileSync(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    {
      encoding: "utf8",
    },
  );
  expect(output).toContain("PermanentError");
  expect(output).toContain(`process ${process.pid} has it open`);
});
