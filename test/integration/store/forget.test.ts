import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createForgetting } from "../../../src/model/forgetting.ts";
import { openChdbStore } from "../../../src/store/chdb-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { ndjson, rollupRow, runRow } from "../../conformance/rows.ts";

const path = mkdtempSync(join(tmpdir(), "evenkeel-forget-"));
let store: Store;

beforeAll(async () => {
  store = openChdbStore({ path, log: pino({ level: "silent" }) });
  await store.migrate();
  const run = (run_id: string, inputs: object, more: object = {}) =>
    runRow({ run_id, inputs: JSON.stringify(inputs), ...more });
  await store.insert(
    "runs",
    ndjson([
      run("field", { customer: { name: 'O\'Hara "Zoë"' } }),
      run("text", { text: 'Dear\nO\'Hara "Zoë", thanks' }),
      run("nested", { text: JSON.stringify({ name: 'O\'Hara "Zoë"' }) }),
      run("error", {}, { error_message: 'no such customer: o\'hara "zoë"' }),
      run("attribute", {}, { attributes: { customer: 'O\'Hara "Zoë"' } }),
      run("step", {}, { trace_id: "trace-of-step" }),
      run("longer", { customer: { name: 'O\'Hara "Zoë"s' } }),
      run("other workflow", { customer: { name: 'O\'Hara "Zoë"' } }, { workflow: "other" }),
      run("other", { customer: { name: "Ben" } }),
    ]),
    "runs",
  );
  const step = {
    step_id: "s",
    run_id: "step",
    workflow: "ticket-triage",
    name: "look",
    kind: "tool",
    status: "ok",
    error_type: "",
    error_message: "",
    error_stack: "",
    started_at: 1_790_000_000_000,
    ended_at: 1_790_000_000_000,
    received_at: 1_790_000_000_000,
    inputs: "{}",
    outputs: JSON.stringify({ found: ['O\'Hara "Zoë"'] }),
    retries: 0,
    model: "",
    input_tokens: null,
    output_tokens: null,
    attributes: {},
  };
  await store.insert(
    "steps",
    ndjson([
      step,
      { ...step, step_id: "early", run_id: "trace-of-step" },
      { ...step, step_id: "b", run_id: "other", outputs: "{}" },
    ]),
    "steps",
  );
  await store.insert(
    "rejects",
    ndjson(
      ['O\'Hara "Zoë"', "Ben"].map((name) => ({
        reject_id: name,
        received_at: 1_790_000_000_000,
        source: "api",
        content_type: "json",
        reason: "bad_body",
        body: Buffer.from(JSON.stringify({ name })).toString("base64"),
      })),
    ),
    "rejects",
  );
  const rollup = { kind: "input_distribution", field: "input.customer.name", minute: 1_790_000_040 };
  await store.insert(
    "rollups",
    ndjson([
      rollupRow({ ...rollup, bin: '=O\'Hara "Zoë"', n: 3 }),
      rollupRow({ ...rollup, bin: "=Ben", n: 2 }),
      rollupRow({ ...rollup, workflow: "other", bin: '=O\'Hara "Zoë"' }),
    ]),
    "rollups",
  );
});
afterAll(async () => {
  await store.close();
  rmSync(path, { recursive: true });
});

const forgetting = createForgetting(['O\'Hara "Zoë"'], "[forgotten:1]");
const ids = async (table: string, id: string) =>
  (await store.query<{ id: string }>(`SELECT ${id} AS id FROM ${table} ORDER BY id`)).map((row) => row.id);
const bins = (table: string) =>
  store.query(`SELECT workflow, bin, toFloat64(sum(n)) AS n FROM ${table} GROUP BY ALL ORDER BY ALL`);

it("forget() counts and changes nothing on trial", async () => {
  const query = { workflow: "ticket-triage", field: "input.customer.name", isTrial: true, token: "0" };
  expect(await store.forget(query, forgetting)).toEqual({
    runIds: ["field"],
    rejects: 1,
    counts: 1,
    rewritten: 0,
  });
  expect(await ids("runs", "run_id")).toHaveLength(9);
});

it("forget() deletes the runs in which a field is the value, and renames its bin in every rollup", async () => {
  const query = { workflow: "ticket-triage", field: "input.customer.name", isTrial: false, token: "1" };
  expect(await store.forget(query, forgetting)).toMatchObject({ runIds: ["field"], rejects: 1, counts: 1 });
  expect(await ids("runs", "run_id")).not.toContain("field");
  expect(await ids("rejects", "reject_id")).toEqual(["Ben"]);
  for (const table of ["rollups", "rollups_hour"]) {
    expect(await bins(table)).toEqual([
      { workflow: "other", bin: '=O\'Hara "Zoë"', n: 1 },
      { workflow: "ticket-triage", bin: "=Ben", n: 2 },
      { workflow: "ticket-triage", bin: "=[forgotten:1]", n: 3 },
    ]);
  }
});

it("forget() without a field deletes every run that holds the value as a word, with its steps", async () => {
  const found = await store.forget({ isTrial: false, token: "2" }, forgetting);
  expect(found.runIds.sort()).toEqual(["attribute", "error", "nested", "other workflow", "step", "text"]);
  expect(await ids("runs", "run_id")).toEqual(["longer", "other"]);
  expect(await ids("steps", "step_id")).toEqual(["b"]);
  expect(await store.forget({ isTrial: false, token: "3" }, forgetting)).toMatchObject({
    runIds: [],
    counts: 0,
  });
  expect(await store.query("SELECT name FROM system.tables WHERE name LIKE 'forget_%'")).toEqual([]);
});

it("forget() leaves nothing of the value in the statements that the engine keeps", async () => {
  const kept = await store.query<{ command: string }>("SELECT command FROM system.mutations");
  expect(kept.length).toBeGreaterThan(4);
  expect(kept.filter(({ command }) => forgetting.matches(command))).toEqual([]);
});
