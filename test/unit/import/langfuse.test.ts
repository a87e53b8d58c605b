import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSchema } from "../../../src/collector/plain-schema.ts";
import type { FileRun } from "../../../src/import/read-file.ts";
import { readLangfuse } from "../../../src/import/read-langfuse.ts";

// Shapes of https://langfuse.com/docs: the API's (camel case, objects) and the blob storage's (snake case, JSON as text).
const trace = {
  id: "t1",
  timestamp: "2026-10-01T09:00:00.000Z",
  name: "triage",
  input: { subject: "Invoice 17" },
  output: { category: "billing" },
  sessionId: "s1",
  release: "abc",
  version: "v12",
  userId: "u1",
  metadata: { region: "eu", nested: { a: 1 } },
  tags: ["beta", "eu"],
  environment: "production",
};
const root = {
  id: "o1",
  traceId: "t1",
  type: "SPAN",
  name: "triage",
  startTime: "2026-10-01T09:00:00.000Z",
  endTime: "2026-10-01T09:00:02.500Z",
  parentObservationId: null,
  level: "DEFAULT",
};
const generation = {
  id: "o2",
  traceId: "t1",
  parentObservationId: "o1",
  type: "GENERATION",
  name: "classify",
  startTime: "2026-10-01T09:00:00.100Z",
  endTime: "2026-10-01T09:00:02.000Z",
  model: "gpt-5-mini",
  modelParameters: { temperature: 0 },
  promptName: "triage",
  promptVersion: 3,
  usageDetails: { input: 120, output: 8, total: 128 },
  costDetails: { total: 0.002 },
  input: [{ role: "user", content: "Invoice 17" }],
  output: "billing",
};
const scores = [
  { id: "sc1", traceId: "t1", name: "resolved", value: 1, dataType: "BOOLEAN", source: "API" },
  { id: "sc2", traceId: "t1", name: "quality", value: 0.8, dataType: "NUMERIC", source: "EVAL" },
  {
    id: "sc3",
    traceId: "t1",
    name: "review",
    value: 0,
    stringValue: "rejected",
    dataType: "CATEGORICAL",
    source: "ANNOTATION",
    comment: "wrong queue",
  },
];

const expected = {
  run_id: "t1",
  workflow: "triage",
  started_at: Date.parse("2026-10-01T09:00:00.000Z"),
  ended_at: Date.parse("2026-10-01T09:00:02.500Z"),
  inputs: { subject: "Invoice 17" },
  outputs: { category: "billing" },
  status: "ok",
  version: "v12",
  prompt: { name: "triage", version: "3" },
  code_revision: "abc",
  model: { name: "gpt-5-mini", settings: { temperature: 0 } },
  input_tokens: 120,
  output_tokens: 8,
  cost_usd: 0.002,
  session_id: "s1",
  attributes: {
    region: "eu",
    user_id: "u1",
    environment: "production",
    tags: "beta, eu",
    trace_name: "triage",
  },
  steps: [
    {
      name: "classify",
      kind: "model",
      status: "ok",
      inputs: [{ role: "user", content: "Invoice 17" }],
      outputs: "billing",
      model: "gpt-5-mini",
      input_tokens: 120,
      output_tokens: 8,
    },
  ],
  outcomes: [
    { outcome_id: "sc1", name: "resolved", value: true },
    { outcome_id: "sc2", name: "quality", value: 0.8 },
  ],
  reviews: [{ review_id: "sc3", verdict: "rejected", note: "wrong queue" }],
};

/** As the blob storage writes it: names in snake case, objects as text. */
function asBlob(record: object): Record<string, unknown> {
  const renamed = Object.entries(record).map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    typeof value === "object" && value !== null ? JSON.stringify(value) : (value as unknown),
  ]);
  return Object.fromEntries(renamed) as Record<string, unknown>;
}

function asCsv(records: Record<string, unknown>[]): string {
  const header = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value ?? ""));
  const cell = (value: unknown) => `"${value === null ? "" : text(value).replaceAll('"', '""')}"`;
  return [
    header.join(","),
    ...records.map((record) => header.map((name) => cell(record[name])).join(",")),
  ].join("\n");
}

const toLines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");

async function read(files: Record<string, string>): Promise<FileRun[]> {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-langfuse-"));
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  const openParquet = () => Promise.reject(new Error("no Parquet here"));
  const options = { workflow: "triage", map: null, nowMs: Date.parse("2026-11-01"), openParquet };
  const runs: FileRun[] = [];
  for await (const run of (await readLangfuse(paths, options)).runs) runs.push(run);
  return runs;
}

describe("readLangfuse()", () => {
  const exports = [
    {
      why: "JSON lists of the API",
      files: {
        "traces.json": JSON.stringify([trace]),
        "observations.json": JSON.stringify([generation, root]),
        "scores.json": JSON.stringify(scores),
      },
    },
    {
      why: "a trace with all that belongs to it",
      files: { "traces.jsonl": toLines([{ ...trace, observations: [root, generation], scores }]) },
    },
    {
      why: "lines of the blob storage, scores first",
      files: {
        "scores.jsonl": toLines(scores.map(asBlob)),
        "observations.jsonl": toLines([root, generation].map(asBlob)),
        "traces.jsonl": toLines([trace].map(asBlob)),
      },
    },
    {
      why: "CSV",
      files: {
        "traces.csv": asCsv([trace].map(asBlob)),
        "observations.csv": asCsv([root, generation].map(asBlob)),
        "scores.csv": asCsv(scores.map(asBlob)),
      },
    },
  ];
  it.each(exports)("reads the same run from $why", async ({ files }) => {
    const [run, ...more] = await read(files);
    expect(more).toEqual([]);
    expect(run).toMatchObject({ kind: "run", run: expected });
    expect(runSchema.safeParse(run?.kind === "run" ? run.run : null).error).toBeUndefined();
  });

  it("makes runs of observations that carry their trace", async () => {
    const enriched = {
      ...root,
      input: trace.input,
      output: trace.output,
      userId: "u1",
      sessionId: "s1",
      traceName: "triage",
    };
    const [run] = await read({ "observations_v2.jsonl": toLines([enriched, generation].map(asBlob)) });
    expect(run).toMatchObject({
      kind: "run",
      run: {
        run_id: "t1",
        inputs: { subject: "Invoice 17" },
        outputs: { category: "billing" },
        session_id: "s1",
        attributes: { user_id: "u1", trace_name: "triage" },
        steps: [{ name: "classify" }],
      },
    });
  });

  it("takes a failure at the top for the run's, and one below for the step's", async () => {
    const failed = { level: "ERROR", statusMessage: "no answer" };
    const [below] = await read({ "a.jsonl": toLines([trace, root, { ...generation, ...failed }]) });
    expect(below).toMatchObject({
      run: { status: "ok", steps: [{ status: "error", error: { message: "no answer" } }] },
    });
    const [top] = await read({ "a.jsonl": toLines([trace, { ...root, ...failed }, generation]) });
    expect(top).toMatchObject({
      run: { status: "error", error: { message: "no answer" }, steps: [{ status: "ok" }] },
    });
  });

  it("sets bad records aside alone, and gives the traces in order of time", async () => {
    const later = { ...trace, id: "t2", timestamp: "2026-10-02T09:00:00Z" };
    const future = { ...trace, id: "t3", timestamp: "2027-10-02T09:00:00Z" };
    const text = `${toLines([future, later])}not json\n${toLines([{ name: "no id" }, trace])}`;
    const runs = await read({ "traces.jsonl": text });
    expect(
      runs.map((one) => (one.kind === "run" ? one.run.run_id : one.why.replace(/'.*?'/, "FILE"))),
    ).toEqual([
      "line 3 of FILE: it is not JSON",
      "line 4 of FILE: it names no trace",
      "t1",
      "t2",
      "FILE must not lie in the future",
    ]);
    expect(runs.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5]);
  });
});
