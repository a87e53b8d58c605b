import { describe, expect, it } from "vitest";
import { numberBin } from "../../../src/model/signal.ts";
import { createFieldCatalogue } from "../../../src/collector/field-catalogue.ts";
import { correctedFields } from "../../../src/collector/observe.ts";
import { createHarness, jsonBytes } from "./harness.ts";

const bin = (value: number) => numberBin(value) ?? "";

async function counted(runs: Record<string, unknown>[], given: Parameters<typeof createHarness>[0] = {}) {
  const harness = createHarness(given);
  await harness.ingest.runs(jsonBytes(runs.map((run) => ({ workflow: "w", ...run }))));
  return harness;
}

describe("what a run counts", () => {
  it("counts each way of being nothing apart, and the empty ones of a category as empty", async () => {
    const outputs = [{ c: "x" }, { c: "" }, { c: " N/A " }, { c: null }, { c: [] }, {}];
    const { counts, rows } = await counted(outputs.map((output) => ({ outputs: output })));
    const of = counts((row) => row.field === "output.c" && row.kind !== "failure_tokens");
    expect(of).toEqual({
      "null_rate output.c value": 1,
      "null_rate output.c empty": 2,
      "null_rate output.c placeholder": 1,
      "null_rate output.c null": 1,
      "type output.c string": 3,
      "type output.c null": 1,
      "type output.c array": 1,
      "output_distribution output.c =x": 1,
      "output_distribution output.c empty": 4,
    });
    expect(counts()["type output object"]).toBe(6);
    expect(rows("runs").map((run) => run.null_fields.includes("output.c"))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("counts numbers, numeric strings, booleans and items of lists", async () => {
    const { counts } = await counted([
      { inputs: { n: 12.5, s: "1,200.50", id: "007", b: true, lines: [{ a: 1 }, { a: 2 }, { a: null }] } },
    ]);
    const of = counts((row) => row.kind === "input_distribution" || row.kind === "null_rate");
    expect(of).toMatchObject({
      [`input_distribution input.n ${bin(12.5)}`]: 1,
      [`input_distribution input.s ${bin(1200.5)}`]: 1,
      "input_distribution input.id =007": 1,
      "input_distribution input.b =true": 1,
      [`input_distribution input.lines[].a ${bin(1)}`]: 1,
      "null_rate input.lines[].a null": 1,
      "null_rate input.lines value": 1,
    });
    expect(Object.keys(of)).not.toContain("null_rate input.lines[] value");
  });

  it("counts the figures of a run", async () => {
    const { counts } = await counted(
      [
        {
          started_at: "2026-11-20T08:00:00Z",
          ended_at: "2026-11-20T08:00:02Z",
          error: "boom",
          confidence: 0.4,
          input_tokens: 10,
          output_tokens: 5,
          cost_usd: 0.02,
          retries: 2,
          steps: [{ name: "lookup", started_at: 1795161600, ended_at: 1795161600.25, error: "x" }],
        },
      ],
      {
        settings: () => ({
          contract: { outputs: { v: { required: true, allowed: ["a"] } } },
          confidenceBelow: 0.5,
        }),
      },
    );
    expect(counts((row) => !["type", "null_rate"].includes(row.kind))).toEqual({
      "volume  run": 1,
      "errors  yes": 1,
      "retries  yes": 1,
      [`latency  ${bin(2000)}`]: 1,
      [`tokens  ${bin(15)}`]: 1,
      [`cost  ${bin(0.02)}`]: 1,
      "low_confidence  yes": 1,
      "contract output.v (required) yes": 1,
      "contract output.v (allowed) no": 1,
      "allowed_values output.v no": 1,
      "step_errors lookup yes": 1,
      "retries lookup no": 1,
      [`latency lookup ${bin(250)}`]: 1,
    });
  });

  it("counts equal inputs within the window as duplicates", async () => {
    const { counts } = await counted([{ inputs: { a: 1 } }, { inputs: { a: 1 } }, { inputs: { a: 2 } }, {}]);
    expect(counts((row) => row.kind === "duplicates")).toEqual({ "duplicates  yes": 1, "duplicates  no": 2 });
  });

  const failures = [
    "As an AI, I …",
    "I cannot help",
    "Dear {{name}},",
    "see [object Object]",
    "undefined items",
    "Sorry!!",
  ];
  it.each(failures)("counts '%s' as a failed answer", async (text) => {
    const words = { null: [], failure: ["Sorry!!"] };
    const { counts } = await counted([{ outputs: { t: text, u: "a cannon, undefinedly" } }], { words });
    expect(counts((row) => row.kind === "failure_tokens")).toEqual({
      "failure_tokens output.t yes": 1,
      "failure_tokens output.u no": 1,
    });
  });

  it("counts nothing for shadow and canary runs", async () => {
    const { counts, rows } = await counted([{ mode: "shadow" }, { mode: "canary", steps: [{ name: "s" }] }]);
    expect(counts()).toEqual({});
    expect(rows("runs")).toHaveLength(2);
  });

  it("counts a run in the minute of its arrival, and history in the minute of its start", async () => {
    const body = jsonBytes({
      workflow: "w",
      started_at: "2026-10-01T10:20:30Z",
      reviews: [{ verdict: "approved", at: "2026-10-03T11:00:00Z" }],
    });
    const live = createHarness();
    await live.ingest.runs(body);
    const history = createHarness();
    await history.ingest.runs(body, { isHistory: true });
    const minuteOf = (harness: typeof live, kind: string) =>
      harness.rows("rollups").find((row) => row.kind === kind)?.minute;
    expect(minuteOf(live, "volume")).toBe(Date.UTC(2026, 10, 20, 9, 0) / 1000);
    expect(minuteOf(history, "volume")).toBe(Date.UTC(2026, 9, 1, 10, 20) / 1000);
    expect(minuteOf(history, "override_rate")).toBe(Date.UTC(2026, 9, 3, 11, 0) / 1000);
    expect(history.counts()["override_rate  no@2"]).toBe(1);
  });

  it("keeps ten thousand field names within the cap and counts what it left out", async () => {
    const outputs = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, "x"]));
    const { rows, meters } = await counted([{ outputs }]);
    expect(new Set(rows("rollups").map((row) => row.field)).size).toBeLessThanOrEqual(203);
    expect(meters.dropped.get("field")).toBe(9800);
  });
});

describe("createFieldCatalogue()", () => {
  const learn = (values: string[], catalogue = createFieldCatalogue({ categoriesMax: 5 })) => {
    const fields = catalogue.of("w");
    const field = fields?.root("output").member("c", fields.create);
    return { catalogue, field, bins: values.map((value) => field?.learnString(value)) };
  };
  const letters = (count: number, repeats = 1) =>
    Array.from({ length: count * repeats }, (_, index) => `v${index % count}`);

  it("makes a field of ever new strings text", () => {
    const { bins, field } = learn(letters(6));
    expect(bins).toEqual(["=v0", "=v1", "=v2", "=v3", "=v4", null]);
    expect(field?.kind).toBe("text");
  });

  it("keeps a field that repeats its values a category, with new values as other", () => {
    const { bins, field } = learn([...letters(5, 20), "new", "v1", "x".repeat(100)]);
    expect(bins.slice(-3)).toEqual(["other", "=v1", "other"]);
    expect(field?.kind).toBe("category");
  });

  it("makes a field with a long string text at once", () => {
    expect(learn(["x".repeat(65), "y"]).bins).toEqual([null, null]);
  });

  it("takes the form of dates for a category, never the dates", () => {
    const days = Array.from({ length: 28 }, (_, day) => `2026-11-${String(day + 1).padStart(2, "0")}`);
    const { bins, field } = learn([...days, "1 Dec 2026"]);
    expect(new Set(bins)).toEqual(new Set(["=date YYYY-00-00", "=date 00 Mon YYYY"]));
    expect(field?.kind).toBe("category");
  });

  it("counts no numbers that run on, and knows so after a restart", () => {
    const saved = new Map<string, string>();
    const options = {
      load: (workflow: string) => saved.get(workflow) ?? null,
      save: (workflow: string, text: string) => void saved.set(workflow, text),
    };
    const numbers = (from: number, count: number) => {
      const catalogue = createFieldCatalogue(options);
      const fields = catalogue.of("w");
      const field = fields?.root("output").member("ticket", fields.create);
      // Ten workers at a time: within a batch the order is by chance.
      const batch = (at: number) => from + 10 * Math.floor(at / 10) + ((7 * at) % 10);
      const counted = Array.from({ length: count }, (_, at) => field?.learnNumber(batch(at)));
      catalogue.save();
      return { counted, kind: field?.kind };
    };
    const runsOn = (workflow: string, path: string) => createFieldCatalogue(options).runsOn(workflow, path);
    expect(runsOn("w", "output.ticket")).toBe(false);
    const { counted, kind } = numbers(104_211, 60);
    expect(kind).toBe("serial");
    expect(["output.ticket", "output", "ticket"].map((path) => runsOn("w", path))).toEqual([
      true,
      false,
      false,
    ]);
    expect(saved.size).toBe(1);
    expect(runsOn("another", "output.ticket")).toBe(false);
    expect(counted.slice(-5)).toEqual([false, false, false, false, false]);
    expect(numbers(1, 1).counted).toEqual([false]);
  });

  it("counts numbers that come in any order, also whole ones", () => {
    const { field } = learn([]);
    const counted = Array.from({ length: 500 }, (_, at) => field?.learnNumber((at * 7919) % 1009));
    expect(new Set(counted)).toEqual(new Set([true]));
    expect(field?.kind).toBe("number");
  });

  it("knows after a restart what it knew before", () => {
    const saved = new Map<string, string>();
    const options = {
      categoriesMax: 5,
      load: (workflow: string) => saved.get(workflow) ?? null,
      save: (workflow: string, text: string) => void saved.set(workflow, text),
    };
    const first = learn(letters(5, 20), createFieldCatalogue(options));
    first.field?.learnString("new");
    first.catalogue.save();
    const again = learn(["another", "v3"], createFieldCatalogue(options));
    expect(again.bins).toEqual(["other", "=v3"]);
  });

  it("holds steps, versions and workflows within bounds", () => {
    const catalogue = createFieldCatalogue({ namesMax: 2, workflowsMax: 1 });
    const fields = catalogue.of("w");
    expect(["a", "b", "c", "a"].map((name) => fields?.step(name))).toEqual(["a", "b", "other", "a"]);
    expect(catalogue.of("x")).toBeNull();
  });

  it("makes room for a new version once an old one has not been used for a day", () => {
    const fields = createFieldCatalogue({ namesMax: 2 }).of("w");
    const day = 86_400_000;
    const shown = [
      ["a", 0],
      ["b", 1],
      ["c", 2],
      ["a", 3],
      ["c", day + 1],
      ["b", day + 2],
      ["a", day + 3],
    ] as const;
    expect(shown.map(([id, atMs]) => fields?.version(id, atMs))).toEqual([
      "a",
      "b",
      "other",
      "a",
      "c",
      "other",
      "a",
    ]);
  });
});

describe("correctedFields()", () => {
  const cases = [
    {
      why: "a changed member",
      before: { a: 1, b: 2 },
      after: { a: 1, b: 3 },
      changed: { "output.a": false, "output.b": true },
    },
    {
      why: "a correction that names one member",
      before: { a: 1, b: 2 },
      after: { b: 3 },
      changed: { "output.a": false, "output.b": true },
    },
    {
      why: "a nested member that is gone",
      before: { a: { x: 1, y: 2 } },
      after: { a: { x: 1 } },
      changed: { "output.a.x": false, "output.a.y": true },
    },
    {
      why: "a new member",
      before: { a: 1 },
      after: { a: 1, c: 0 },
      changed: { "output.a": false, "output.c": true },
    },
    { why: "a list", before: { l: [1, 2] }, after: { l: [1] }, changed: { "output.l": true } },
    { why: "a text", before: "x", after: "y", changed: { output: true } },
  ];
  it.each(cases)("finds $why", ({ before, after, changed }) => {
    expect(Object.fromEntries(correctedFields(before, after))).toEqual(changed);
  });
});
