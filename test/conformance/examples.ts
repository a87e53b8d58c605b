import { beforeAll, expect, it } from "vitest";
import { dayMs, minuteMs } from "../../src/model/clock.ts";
import { numberBin, type SignalKind } from "../../src/model/signal.ts";
import type { Store } from "../../src/store/port.ts";
import { ndjson, runRow } from "./rows.ts";

const startMs = 1_790_002_800_000; // A whole hour.

/** What every store answers of the runs that show a drift. The runs of `search` are there already. */
export function exampleCases(store: () => Store): void {
  labelledCases(store);
  const span = { fromMs: startMs, toMs: startMs + 1000, limit: 10 };
  const examples: { why: string; kind: SignalKind; field: string; bin: string; ids: number[] }[] = [
    { why: "nulls", kind: "null_rate", field: "output.vendor", bin: "null", ids: [0] },
    { why: "values", kind: "null_rate", field: "output.vendor", bin: "value", ids: [4, 3, 2, 1] },
    {
      why: "missing children",
      kind: "null_rate",
      field: "output.category",
      bin: "missing",
      ids: [4, 3, 2, 1, 0],
    },
    {
      why: "a category",
      kind: "output_distribution",
      field: "output.vendor",
      bin: "=Ünïcode & Söhne 1",
      ids: [1],
    },
    {
      why: "a number",
      kind: "output_distribution",
      field: "output.total",
      bin: numberBin(30) ?? "",
      ids: [3],
    },
    { why: "a type", kind: "type", field: "output.vendor", bin: "null", ids: [0] },
    { why: "errors", kind: "errors", field: "", bin: "yes", ids: [3] },
    { why: "runs without errors", kind: "errors", field: "", bin: "no", ids: [4, 2, 1, 0] },
    { why: "a latency", kind: "latency", field: "", bin: numberBin(250) ?? "", ids: [4, 3, 2, 1, 0] },
    { why: "overrides, of which there are none", kind: "override_rate", field: "", bin: "yes", ids: [] },
    { why: "any run", kind: "volume", field: "", bin: "", ids: [4, 3, 2, 1, 0] },
  ];
  it.each(examples)("exampleRuns() shows $why", async ({ kind, field, bin, ids }) => {
    const runs = await store().exampleRuns({ ...span, signal: { workflow: "search", kind, field }, bin });
    expect(runs.map((run) => run.run_id)).toEqual(ids.map((id) => `search-${id}`));
  });

  it("sliceCounts() counts runs and hits by attribute", async () => {
    const signal = { workflow: "search", kind: "null_rate" as const, field: "output.vendor" };
    const slices = await store().sliceCounts({ ...span, signal, bin: "null" });
    expect(slices).toContainEqual({ attribute: "attributes.region", value: "eu", runs: 2, hits: 1 });
    expect(slices).toContainEqual({ attribute: "attributes.region", value: "us", runs: 3, hits: 0 });
    expect(slices).toContainEqual({ attribute: "version", value: "v1", runs: 5, hits: 1 });
  });
}

interface Shown {
  why: string;
  kind: SignalKind;
  field?: string;
  bin: string;
  confidenceBelow?: number | null;
  ids: string[];
}

/** Runs a minute apart, of whose signals the run itself does not hold the bin. */
function labelledCases(store: () => Store): void {
  const inputs = ['{"a":1}', '{"a":2}', '{"a":1}', "null", "null", '{"a":1}'];
  const confidences = [0.9, 0.3, null, 0.6, 0.2, 0.7];
  const receivedAt = (i: number) => startMs + i * (i === 5 ? 20 : 1) * minuteMs;
  const span = { fromMs: startMs, toMs: startMs + dayMs, limit: 10 };
  const outcome = (i: number, name: string, value: unknown, atMs: number) => ({
    outcome_id: `${name}-${i}-${atMs}`,
    run_id: `shown-${i}`,
    workflow: "shown",
    version: "v1",
    name,
    value: JSON.stringify(value),
    run_received_at: receivedAt(i),
    received_at: atMs,
  });

  beforeAll(async () => {
    const rows = inputs.map((text, i) => {
      const row = { run_id: `shown-${i}`, workflow: "shown", inputs: text, received_at: receivedAt(i) };
      return runRow({ ...row, confidence: confidences[i] ?? null, status: i === 3 ? "error" : "ok" });
    });
    await store().insert("runs", ndjson(rows), "shown");
    const lateMs = startMs + 14 * dayMs;
    const outcomes = [
      outcome(0, "won", true, startMs + minuteMs),
      outcome(1, "won", "No", startMs + minuteMs),
      outcome(2, "won", "Yes", lateMs),
      outcome(3, "won", false, lateMs),
      outcome(4, "paid", 250, startMs + minuteMs),
      outcome(5, "paid", "250 or so", startMs + minuteMs),
      outcome(0, "paid", 7.5, startMs + minuteMs),
    ];
    await store().insert("outcomes", ndjson(outcomes), "shown");
  });

  const low = { kind: "low_confidence", confidenceBelow: 0.6 } as const;
  const cases: Shown[] = [
    { why: "a low confidence", ...low, bin: "yes", ids: ["4", "1"] },
    { why: "a confidence that is not low", ...low, bin: "no", ids: ["5", "3", "0"] },
    { why: "no low confidence without a bar", ...low, confidenceBelow: null, bin: "yes", ids: [] },
    { why: "inputs that came before within ten minutes", kind: "duplicates", bin: "yes", ids: ["2"] },
    { why: "an outcome", kind: "outcome", field: "won", bin: "yes", ids: ["0"] },
    { why: "its opposite", kind: "outcome", field: "won", bin: "no", ids: ["1"] },
    {
      why: "an outcome that is a number",
      kind: "outcome",
      field: "paid",
      bin: numberBin(250) ?? "",
      ids: ["4"],
    },
    { why: "nothing of words that only the collector knows", kind: "failure_tokens", bin: "yes", ids: [] },
  ];
  it.each(cases)("exampleRuns() shows $why", async ({ kind, field = "", bin, confidenceBelow, ids }) => {
    const signal = { workflow: "shown", kind, field };
    const runs = await store().exampleRuns({ ...span, signal, bin, confidenceBelow });
    expect(runs.map((run) => run.run_id)).toEqual(ids.map((id) => `shown-${id}`));
  });

  const late = { fromMs: startMs + 13 * dayMs, toMs: startMs + 15 * dayMs };
  const won = { workflow: "shown", kind: "outcome", field: "won" } as const;

  it("exampleRuns() shows an outcome that came long after its run", async () => {
    const runs = await store().exampleRuns({ ...late, signal: won, bin: "yes", limit: 10 });
    expect(runs.map((run) => run.run_id)).toEqual(["shown-2"]);
  });

  it("sliceCounts() counts the runs to which an outcome came, and those to which it said yes", async () => {
    const slices = await store().sliceCounts({ ...late, signal: won, bin: "yes" });
    expect(slices).toContainEqual({ attribute: "version", value: "v1", runs: 2, hits: 1 });
  });
}
