import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PermanentError } from "../../src/model/errors.ts";
import { numberBin, type SignalKind, signalKinds } from "../../src/model/signal.ts";
import type { Layout } from "../../src/store/layout.ts";
import type { Store } from "../../src/store/port.ts";
import { exampleCases } from "./examples.ts";
import { ndjson, rollupRow, runRow } from "./rows.ts";

const hour = 1_790_002_800; // A whole hour, in seconds.
const startMs = hour * 1000;

/**
 * What every `Store` must do, whatever engine is below it.
 *
 * @param open opens a store on a database that is empty at first, always the same one.
 */
export function storeConformance(name: string, open: (layout?: Partial<Layout>) => Store): void {
  describe(name, () => {
    let store: Store;
    beforeAll(async () => {
      store = open();
      await store.migrate();
    });
    afterAll(() => store.close());

    it("migrate() brings the retention of every table to what is wanted", async () => {
      const retention = async () => {
        const rows = await store.query<{ name: string; days: string }>(
          `SELECT name, extract(create_table_query, 'TTL stored_at . toIntervalDay.([0-9]+)') AS days
          FROM system.tables WHERE database = currentDatabase() AND days != '' ORDER BY name`,
        );
        return Object.fromEntries(rows.map((row) => [row.name, Number(row.days)]));
      };
      const long = { decisions: 400, outcomes: 400, reviews: 400, rollups: 400, rollups_hour: 400 };
      expect(await retention()).toEqual({ ...long, rejects: 90, runs: 90, steps: 90 });
      const other = open({ runDays: 7 });
      await other.migrate();
      await other.close();
      expect(await retention()).toEqual({ ...long, rejects: 7, runs: 7, steps: 7 });
    });

    insertCases(() => store);
    collectorCases(() => store);
    bucketCases(() => store);
    runCases(() => store);
    exampleCases(() => store);
    rejectCases(() => store);
  });
}

function collectorCases(store: () => Store): void {
  it("collectorsDrainedThroughMs() answers how far the slowest collector has got", async () => {
    expect(await store().collectorsDrainedThroughMs()).toBeNull();
    await store().reportDrained("a1", 2_000);
    await store().reportDrained("b2", 1_500);
    await store().reportDrained("a1", 3_000);
    expect(await store().collectorsDrainedThroughMs()).toBe(1_500);
    await store().reportDrained("b2", 4_000);
    expect(await store().collectorsDrainedThroughMs()).toBe(3_000);
    await expect(store().reportDrained("'; DROP TABLE runs", 1)).rejects.toThrow(RangeError);
  });
}

function insertCases(store: () => Store): void {
  const count = async (table: string, sum = "count()") =>
    Number((await store().query<{ n: string }>(`SELECT ${sum} AS n FROM ${table}`))[0]?.n);

  it("migrate() changes nothing when called again", async () => {
    await store().migrate();
    expect(await store().ping()).toBe(true);
  });

  it("insert() keeps a batch once for its token, in the table and in the views below it", async () => {
    const rows = ndjson([
      rollupRow({ minute: hour, workflow: "once" }),
      rollupRow({ minute: hour + 60, workflow: "once", n: 4 }),
    ]);
    for (let i = 0; i < 3; i++) await store().insert("rollups", rows, "once");
    expect(await count("rollups WHERE workflow = 'once'", "sum(n)")).toBe(5);
    expect(await count("rollups_hour WHERE workflow = 'once'", "sum(n)")).toBe(5);
    await store().insert("rollups", rows, "twice");
    expect(await count("rollups WHERE workflow = 'once'", "sum(n)")).toBe(10);
    expect(await count("rollups_hour WHERE workflow = 'once'", "sum(n)")).toBe(10);
  });

  it("insert() keeps a batch once that spans partitions", async () => {
    const rows = ndjson(
      [0, 40, 80].map((day) => rollupRow({ minute: hour + day * 86_400, workflow: "months" })),
    );
    for (let i = 0; i < 2; i++) await store().insert("rollups", rows, "months");
    expect(await count("rollups WHERE workflow = 'months'", "sum(n)")).toBe(3);
    expect(await count("rollups_hour WHERE workflow = 'months'", "sum(n)")).toBe(3);
  });

  it("insert() refuses a bad row as PermanentError, keeps nothing, and quotes nothing", async () => {
    const rows = ndjson([
      runRow({ run_id: "good" }),
      { ...runRow({ run_id: "bad" }), retries: "s3cret-payload" },
    ]);
    const error: unknown = await store()
      .insert("runs", rows, "poison")
      .catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(PermanentError);
    expect(JSON.stringify([String(error), (error as Error).stack, (error as Error).cause])).not.toContain(
      "s3cret",
    );
    expect(await count("runs WHERE run_id IN ('good', 'bad')")).toBe(0);
  });

  it("insert() refuses a column that the table lacks", async () => {
    const rows = ndjson([{ ...runRow({ run_id: "stranger" }), surprise: 1 }]);
    await expect(store().insert("runs", rows, "stranger")).rejects.toBeInstanceOf(PermanentError);
  });

  it("query() answers 64-bit integers without loss and refuses bad statements as PermanentError", async () => {
    const [row] = await store().query<{ n: string }>("SELECT toUInt64({n:String}) AS n", {
      n: "18446744073709551615",
    });
    expect(row?.n).toBe("18446744073709551615");
    await expect(store().query("SELECT no_such_column FROM runs")).rejects.toBeInstanceOf(PermanentError);
  });
}

function bucketCases(store: () => Store): void {
  const minute = (i: number) => hour + i * 60;
  const row = (
    workflow: string,
    i: number,
    kind: SignalKind,
    field: string,
    bin: string,
    n: number,
    version = "v1",
  ) => rollupRow({ workflow, minute: minute(i), kind, field, bin, n, version });

  beforeAll(async () => {
    await store().insert(
      "rollups",
      ndjson([
        row("wf", 0, "volume", "", "run", 10),
        row("wf", 0, "type", "output", "object", 10),
        row("wf", 0, "null_rate", "output.vendor", "value", 6),
        row("wf", 0, "null_rate", "output.vendor", "null", 1),
        row("wf", 0, "type", "output.vendor", "string", 6),
        row("wf", 1, "volume", "", "run", 4, "v2"),
        row("wf", 1, "type", "output", "object", 4, "v2"),
        row("wf", 1, "null_rate", "output.vendor", "value", 4, "v2"),
        row("wf", 60, "volume", "", "run", 2, "v2"),
        row("wf", 60, "type", "output", "object", 2, "v2"),
        row("other", 0, "volume", "", "run", 7),
        row("other", 1, "output_distribution", "output.x", "__proto__", 7),
        row("other", 2, "output_distribution", "output.x", "=#7", 1),
        row("other", 2, "output_distribution", "output.x", "#0", 2),
        row("other", 2, "output_distribution", "output.x", numberBin(-1e300) ?? "", 3),
        row("other", 2, "output_distribution", "output.x", numberBin(19.99) ?? "", 4),
        row("other", 2, "output_distribution", "output.x", numberBin(19.99) ?? "", 5, "v2"),
        row("other", 2, "model", "", "=gpt", 7),
      ]),
      "buckets",
    );
    // A part of its own, so that counts are summed over parts.
    await store().insert("rollups", ndjson([row("wf", 0, "null_rate", "output.vendor", "value", 1)]), "more");
  });

  const span = { fromMs: startMs, toMs: startMs + 7_200_000 };

  it("readBuckets() sums over versions and parts and derives what is missing", async () => {
    const buckets = await store().readBuckets({
      ...span,
      workflow: "wf",
      kinds: ["null_rate"],
      stepMs: 60_000,
    });
    expect(buckets.map(({ startMs: at, counts }) => [(at - startMs) / 60_000, { ...counts }])).toEqual([
      [0, { value: 7, null: 1, missing: 2 }],
      [1, { value: 4 }],
    ]);
  });

  it("readBuckets() answers a known field that is wholly absent", async () => {
    const known = new Map([["wf", ["output.vendor", "output.total"]]]);
    const buckets = await store().readBuckets({ ...span, kinds: ["null_rate"], stepMs: 3_600_000, known });
    const wf = buckets.filter((bucket) => bucket.workflow === "wf");
    expect(
      wf.map(({ startMs: at, field, counts }) => [(at - startMs) / 60_000, field, { ...counts }]),
    ).toEqual([
      [0, "output.vendor", { value: 11, null: 1, missing: 2 }],
      [0, "output.total", { missing: 14 }],
      [60, "output.vendor", { missing: 2 }],
      [60, "output.total", { missing: 2 }],
    ]);
  });

  it("readBuckets() gives the same by the hour as by the minute", async () => {
    const shape = { workflow: "wf", field: "output.vendor", stepMs: 3_600_000 };
    const hours = await store().readBuckets({ ...span, ...shape });
    const minutes = await store().readBuckets({ ...span, toMs: span.toMs + 60_000, ...shape });
    expect(hours).toEqual(minutes);
    expect(hours.map((bucket) => bucket.kind)).toEqual(["type", "null_rate", "null_rate"]);
  });

  it("readBuckets() filters by version and survives hostile bins", async () => {
    const v2 = await store().readBuckets({
      ...span,
      workflow: "wf",
      version: "v2",
      kinds: ["volume"],
      stepMs: 60_000,
    });
    expect(v2.map((bucket) => bucket.counts.run)).toEqual([4, 2]);
    const hostile = await store().readBuckets({
      ...span,
      workflow: "other",
      kinds: ["output_distribution"],
      stepMs: 60_000,
    });
    expect(Object.entries(hostile[0]?.counts ?? {})).toEqual([["__proto__", 7]]);
  });

  it("readMinutes() answers what readBuckets() does to a step of a minute, by workflow", async () => {
    const known = new Map([["wf", ["output.vendor", "output.total"]]]);
    const kinds = Object.keys(signalKinds) as SignalKind[];
    const buckets = await store().readBuckets({ ...span, kinds, stepMs: 60_000, known });
    const byWorkflow = await store().readMinutes({ ...span, known });
    expect(new Set(byWorkflow.keys())).toEqual(new Set(buckets.map(({ workflow }) => workflow)));
    expect(byWorkflow.get("other")).toHaveLength(4);
    for (const [workflow, own] of byWorkflow) {
      const plain = own.map(({ kind, field, startMs: at, counts }) => ({ kind, field, at, counts }));
      const wanted = buckets.filter((bucket) => bucket.workflow === workflow);
      expect(plain).toEqual(
        wanted.map(({ kind, field, startMs: at, counts }) => ({ kind, field, at, counts })),
      );
    }
  });

  it("readBuckets() refuses a step that is no whole number of minutes", async () => {
    await expect(store().readBuckets({ ...span, stepMs: 1500 })).rejects.toBeInstanceOf(PermanentError);
  });

  it("readVersions() counts by the minute at the ends of a span", async () => {
    const all = await store().readVersions({ ...span, workflow: "wf" });
    expect(all).toEqual([
      { workflow: "wf", version: "v1", firstMs: startMs, lastMs: startMs, runs: 10 },
      { workflow: "wf", version: "v2", firstMs: startMs + 60_000, lastMs: startMs + 3_600_000, runs: 6 },
    ]);
    const cut = await store().readVersions({
      fromMs: startMs + 60_000,
      toMs: startMs + 3_600_000,
      workflow: "wf",
    });
    expect(cut.map(({ version, runs }) => [version, runs])).toEqual([["v2", 4]]);
  });

  it("readWorkflows() answers every workflow with its last minute", async () => {
    const workflows = await store().readWorkflows();
    expect(workflows).toContainEqual({ workflow: "wf", lastMs: startMs + 3_600_000, runs: 16 });
  });
}

function runCases(store: () => Store): void {
  const rows = [0, 1, 2, 3, 4].map((i) =>
    runRow({
      run_id: `search-${i}`,
      workflow: "search",
      received_at: startMs + i,
      status: i === 3 ? "error" : "ok",
      trace_id: i === 1 ? "trace-1" : "",
      attributes: { region: i < 2 ? "eu" : "us" },
      inputs: JSON.stringify({ lines: [{ sku: "a" }, { sku: `b${i}` }], "it's": { "a\\b": i } }),
      outputs: JSON.stringify({ vendor: i === 0 ? null : `Ünïcode & Söhne ${i}`, total: i * 10 }),
      null_fields: i === 0 ? ["output.vendor"] : [],
      fields: ["input", "input.lines", "input.lines[].sku", "output", "output.vendor", "output.total"],
    }),
  );

  beforeAll(async () => {
    await store().insert("runs", ndjson(rows), "search");
    const step = {
      run_id: "search-1",
      workflow: "search",
      name: "llm",
      kind: "model",
      status: "ok",
      error_type: "",
    };
    const rest = { error_message: "", error_stack: "", inputs: "{}", outputs: "{}", retries: 0, model: "" };
    const end = { input_tokens: null, output_tokens: 7, attributes: { a: "b" }, received_at: startMs };
    const steps = [
      { step_id: "s2", started_at: startMs + 2, ended_at: startMs + 3, ...step, ...rest, ...end },
      {
        step_id: "s1",
        started_at: startMs + 1,
        ended_at: startMs + 2,
        ...step,
        ...rest,
        ...end,
        run_id: "trace-1",
      },
    ];
    await store().insert("steps", ndjson(steps), "steps");
  });

  it("findRun() answers a reference, or null", async () => {
    expect(await store().findRun("search-2")).toEqual({
      runId: "search-2",
      workflow: "search",
      version: "v1",
      mode: "live",
      receivedAtMs: startMs + 2,
    });
    expect(await store().findRun("nobody's")).toBeNull();
  });

  it("findRunByKey() answers the newest run of the workflow under the key, or null", async () => {
    const keyed = { workflow: "keyed", business_key: "INV-1" };
    const rows = [
      runRow({ ...keyed, run_id: "keyed-1", received_at: startMs + 1 }),
      runRow({ ...keyed, run_id: "keyed-2", received_at: startMs + 2, mode: "shadow" }),
      runRow({ ...keyed, run_id: "keyed-3", received_at: startMs + 3, business_key: "INV-2" }),
    ];
    await store().insert("runs", ndjson(rows), "keyed");
    expect(await store().findRunByKey("keyed", "INV-1")).toMatchObject({ runId: "keyed-2", mode: "shadow" });
    expect(await store().findRunByKey("search", "INV-1")).toBeNull();
  });

  it("receipt() gives a run back as it was inserted, with its steps in order", async () => {
    const found = await store().receipt("search-1");
    expect(found?.run).toEqual(rows[1]);
    expect(found?.steps.map((step) => step.step_id)).toEqual(["s1", "s2"]);
    expect(found?.version).toBeNull();
    expect(await store().receipt("search-nobody")).toBeNull();
    expect(await store().findOutputs("search-1")).toBe(found?.run.outputs);
    expect(await store().findOutputs("search-nobody")).toBeNull();
  });

  it("searchRuns() pages newest first without gaps", async () => {
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await store().searchRuns({
        workflow: "search",
        limit: 2,
        ...(cursor === null ? {} : { cursor }),
      });
      ids.push(...page.runs.map((run) => run.run_id));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(ids).toEqual(["search-4", "search-3", "search-2", "search-1", "search-0"]);
  });

  const searches = [
    { why: "status", query: { status: "error" }, ids: [3] },
    { why: "text, whatever its case", query: { q: "SÖHNE 2" }, ids: [2] },
    { why: "span", query: { fromMs: startMs + 1, toMs: startMs + 3 }, ids: [2, 1] },
    { why: "value of a text field", query: { field: "output.vendor", value: "Ünïcode & Söhne 4" }, ids: [4] },
    { why: "value of a number", query: { field: "output.total", value: "20" }, ids: [2] },
    { why: "value below an array", query: { field: "input.lines[].sku", value: "b3" }, ids: [3] },
    { why: "a quote that must not end a literal", query: { q: "' OR 1 = 1 --" }, ids: [] },
    { why: "a field that is no field", query: { field: "output.x') OR 1=1 --", value: "1" }, ids: [] },
  ];
  it.each(searches)("searchRuns() finds by $why", async ({ query, ids }) => {
    const { runs } = await store().searchRuns({ workflow: "search", ...query });
    expect(runs.map((run) => run.run_id)).toEqual(ids.map((id) => `search-${id}`));
  });

  it("searchRuns() refuses a foreign cursor", async () => {
    await expect(store().searchRuns({ cursor: "bm9uc2Vuc2U" })).rejects.toBeInstanceOf(PermanentError);
  });
}

function rejectCases(store: () => Store): void {
  it("rejects() answers the newest first", async () => {
    const reject = { source: "otel", content_type: "application/json", reason: "unreadable", body: "e30=" };
    await store().insert(
      "rejects",
      ndjson([1, 2].map((i) => ({ reject_id: `r${i}`, received_at: startMs + i, ...reject }))),
      "rejects",
    );
    const rejects = await store().rejects(10);
    expect(rejects.map((row) => row.reject_id)).toEqual(["r2", "r1"]);
    expect(rejects[1]).toEqual({ reject_id: "r1", received_at: startMs + 1, ...reject });
  });
}
