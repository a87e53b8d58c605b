import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PermanentError } from "../../../src/model/errors.ts";
import type { Json } from "../../../src/model/json.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { createRandom } from "../../fuzz/random.ts";
import { payloads } from "../security/payloads.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-bound-"));
let store: Store;
let driver: ReturnType<typeof createClient>;

beforeAll(() => {
  store = openChdbStore({ path, log: pino({ level: "silent" }) });
  const connection = createChdbConnection({ path }) as unknown;
  driver = createClient({ connection } as Parameters<typeof createClient>[0]);
});
afterAll(async () => {
  await driver.close();
  await store.close();
});

/** The value as our reads bind it, and as the driver does. */
async function bothWays(type: string, v: Json): Promise<[unknown, unknown]> {
  const query = `SELECT toString({v:${type}}) AS v, toTypeName({v:${type}}) AS type`;
  const theirs = await driver.query({ query, query_params: { v }, format: "JSONEachRow" });
  return [(await store.query(query, { v }))[0], (await theirs.json())[0]];
}

const parts = [
  "'",
  '"',
  "\\",
  "\\'",
  "`",
  "{v:String}",
  "{",
  "}",
  "--",
  "/*",
  "*/",
  ";",
  "#",
  "\n",
  "\t",
  "\r",
];
const morePart = [
  "\0",
  "\b",
  "\u001a",
  "\\N",
  "\\x27",
  "NULL",
  "x'41'",
  "$&",
  "é",
  "🙂",
  "\u202e",
  "\ufeff",
  " ",
  "a",
];
const random = createRandom(7);
const mixed = Array.from({ length: 300 }, () =>
  Array.from({ length: 1 + random.below(12) }, () => random.pick([...parts, ...morePart])).join(""),
);
const hostile = ["", ...parts, ...morePart, ...mixed, ...payloads, "🙂'\\\0".repeat(13_000)];

it("openChdbStore() hands texts to the engine as they are", async () => {
  for (const v of hostile) {
    const [row] = await store.query<{ v: string; bytes: string }>(
      "SELECT {v:String} AS v, length(v) AS bytes",
      { v },
    );
    expect(row).toEqual({ v, bytes: String(Buffer.byteLength(v)) });
  }
  const [all] = await store.query<{ list: string[] }>("SELECT {list:Array(String)} AS list", {
    list: hostile,
  });
  expect(all?.list).toEqual(hostile);
});

it("openChdbStore() hands over 100,000 texts, and arrays of arrays", async () => {
  const list = Array.from({ length: 100_000 }, (_, i) => `run-${i}`);
  const [row] = await store.query(
    "SELECT length({list:Array(String)}) AS n, {list:Array(String)}[-1] AS last",
    { list },
  );
  expect(row).toEqual({ n: "100000", last: "run-99999" });
  const lists = [list.slice(0, 30_000), [], hostile, list.slice(0, 30_000)];
  const [lengths] = await store.query<{ lists: string[][] }>("SELECT {lists:Array(Array(String))} AS lists", {
    lists,
  });
  expect(lengths?.lists).toEqual(lists);
});

const values: { type: string; list: Json[] }[] = [
  { type: "String", list: ["", "it's", "a\tb\nc\\d", "\0", "\ud83d alone", "{v:String}"] },
  { type: "UInt32", list: [0, -0, 1, 4_294_967_295, 5e9] },
  { type: "UInt64", list: [0, 2 ** 53 - 1] },
  { type: "Int64", list: [0, -1, 1_790_000_040_123, -(2 ** 53) + 1] },
  { type: "Float64", list: [0, -1, 0.1, 1e-7, 5e-324, 1.7976931348623157e-300, 123_456_789.123_456_78] },
  { type: "Array(String)", list: [[], [""], ["it's", "\0", "a\tb\\", "\ud83d", "NULL"]] },
  { type: "Array(Float64)", list: [[], [0.1, 1e-7, -3, 0]] },
  { type: "Array(Array(String))", list: [[], [[]], [["a'"], [], ["\\", "\0"]]] },
];
it.each(values)("openChdbStore() binds $type as the driver does", async ({ type, list }) => {
  for (const value of list) {
    const [ours, theirs] = await bothWays(type, value);
    expect(ours).toEqual(theirs);
  }
});

const refused: { type: string; value: number }[] = [
  { type: "UInt32", value: -1 },
  { type: "UInt32", value: 1.5 },
  { type: "UInt64", value: 1e300 },
  { type: "Int64", value: 0.5 },
];
it.each(refused)("openChdbStore() refuses $value as $type, as the driver does", async ({ type, value }) => {
  await expect(store.query(`SELECT {v:${type}}`, { v: value })).rejects.toBeInstanceOf(PermanentError);
  await expect(driver.query({ query: `SELECT {v:${type}}`, query_params: { v: value } })).rejects.toThrow();
});

it("openChdbStore() takes a bound number wherever a statement of ours has one", async () => {
  const one = async (sql: string, params: Record<string, Json>) =>
    Object.values((await store.query<object>(sql, params))[0]!);
  const limited = "SELECT count() AS n FROM (SELECT number FROM numbers(100) LIMIT {limit:UInt32})";
  expect(await one(limited, { limit: 7 })).toEqual(["7"]);
  const limitedBy =
    "SELECT count() AS n FROM (SELECT number FROM numbers(100) LIMIT {limit:UInt32} BY number % 3)";
  expect(await one(limitedBy, { limit: 7 })).toEqual(["21"]);
  const interval =
    "SELECT toUnixTimestamp(toStartOfInterval(toDateTime(100, 'UTC'), INTERVAL {step:UInt32} SECOND)) AS t";
  expect(await one(interval, { step: 60 })).toEqual([60]);
  const hash = "SELECT sipHash64Keyed(({k0:UInt64}, {k1:UInt64}), 'a') AS h";
  expect(await one(hash, { k0: 5, k1: 6 })).toEqual(["2998976755416682649"]);
});
