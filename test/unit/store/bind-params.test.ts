import { expect, it } from "vitest";
import { PermanentError } from "../../../src/model/errors.ts";
import { type SignalKind, signalKinds } from "../../../src/model/signal.ts";
import { bindParams } from "../../../src/store/bind-params.ts";
import type { Engine } from "../../../src/store/engine.ts";
import { exampleRuns, sliceCounts } from "../../../src/store/examples.ts";
import { searchRuns } from "../../../src/store/search.ts";

it("bindParams() leaves nothing of a value but its hexadecimal digits", () => {
  const sql = "SELECT {v:String}, {list:Array(String)} LIMIT {n:UInt32}";
  const v = "x' OR {n:UInt32} $& $1 --";
  const digits = Buffer.from(v).toString("hex");
  expect(bindParams(sql, { v, list: [v, ""], n: 7 })).toBe(
    `SELECT x'${digits}', CAST([x'${digits}',x''], 'Array(String)') LIMIT CAST(x'37', 'UInt32')`,
  );
});

const faults = [
  { why: "a place without a value", sql: "SELECT {a:String}", params: {} },
  { why: "a place named like a member of every object", sql: "SELECT {toString:String}", params: {} },
  { why: "a value without a place", sql: "SELECT 1", params: { a: "" } },
  { why: "a type that is not known", sql: "SELECT {a:Identifier}", params: { a: "runs" } },
  { why: "a type that closes the text", sql: "SELECT {a:String')--}", params: { a: "" } },
  { why: "an element's type that is not known", sql: "SELECT {a:Array(Sting)}", params: { a: [] } },
  { why: "a number for a text", sql: "SELECT {a:String}", params: { a: 1 } },
  { why: "a text for a number", sql: "SELECT {a:UInt32}", params: { a: "1" } },
  { why: "a text for an array", sql: "SELECT {a:Array(String)}", params: { a: "b" } },
  { why: "a null in an array", sql: "SELECT {a:Array(String)}", params: { a: [null] } },
  { why: "a null", sql: "SELECT {a:Int64}", params: { a: null } },
];
it.each(faults)("bindParams() refuses $why", ({ sql, params }) => {
  expect(() => bindParams(sql, params)).toThrow(TypeError);
});

it("bindParams() refuses a number that is not finite as PermanentError, since a request can ask for it", () => {
  for (const a of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => bindParams("SELECT {a:Float64}", { a })).toThrow(PermanentError);
  }
});

const bound: string[] = [];
const engine = {
  select: (_lane, sql, params) => {
    bound.push(bindParams(sql, params));
    return Promise.resolve([]);
  },
} as Pick<Engine, "select"> as Engine;

it("exampleRuns() and sliceCounts() give what their statements ask for, and no more, for each kind and bin", async () => {
  const kinds = Object.keys(signalKinds) as SignalKind[];
  const bins = ["", "yes", "no", "value", "missing", "empty", "string", "=a", "#3", "other"];
  const fields = ["", "output.vendor", "output.lines[].sku", "output (schema)", "output.vendor (required)"];
  for (const kind of kinds) {
    for (const bin of bins) {
      for (const field of fields) {
        const query = { signal: { workflow: "w", kind, field }, bin, fromMs: 0, toMs: 1 };
        await exampleRuns(engine, { ...query, limit: 1 });
        await sliceCounts(engine, query);
      }
    }
  }
  expect(bound).toHaveLength(2 * kinds.length * bins.length * fields.length);
});

it("searchRuns() binds a value also where its field is in neither document", async () => {
  bound.length = 0;
  await searchRuns(engine, { field: "vendor", value: "it's" });
  await searchRuns(engine, { field: "output.vendor", value: "it's" });
  expect(bound.map((sql) => sql.includes(Buffer.from("it's").toString("hex")))).toEqual([false, true]);
});
