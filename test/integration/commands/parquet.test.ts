import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { importFile } from "../../../src/commands/import.ts";
import { configSchema } from "../../../src/config.ts";
import { writeParquet } from "../../../src/store/parquet.ts";
import { lines, run, scratch } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

let folder = "";
let remove = () => {};
const runs = 600;

beforeAll(async () => {
  ({ folder, remove } = scratch());
  const all = [...past({ runs, fromMs: Date.UTC(2026, 0, 1), everyMs: 60_000 })].map((one, at) => ({
    ...one,
    run_id: `run-${at}`,
    version: "v'1\\",
    confidence: at / runs,
    cost_usd: 0.001,
    attributes: { team: "a\"b'c" },
    ...(at % 10 === 0 ? { error: { type: "Timeout", message: "no\nanswer" } } : {}),
    ...(at % 7 === 0 ? { reviews: [{ verdict: "edited", output: { category: "it" }, note: "ä" }] } : {}),
  }));
  writeFileSync(join(folder, "runs.jsonl"), toLines(all));
  expect(await run(folder, "import", "runs.jsonl", "--workflow", "w", "--data", "one")).toMatchObject({
    code: 0,
  });
});
afterAll(() => remove());

const exported = async (data: string, what: string) =>
  lines((await run(folder, "export", "--workflow", "w", "--data", data, "--what", what)).stdout);
const toParquet = (what: string, output: string) =>
  run(
    folder,
    "export",
    "--workflow",
    "w",
    "--data",
    "one",
    "--what",
    what,
    "--format",
    "parquet",
    "--output",
    output,
  );

it("import() of an exported Parquet file gives the same runs, in types and times", async () => {
  expect(await toParquet("runs", "runs.parquet")).toMatchObject({
    code: 0,
    stderr: `${runs} runs written\n`,
  });
  expect(readFileSync(join(folder, "runs.parquet")).subarray(0, 4).toString()).toBe("PAR1");
  const imported = await run(folder, "import", "runs.parquet", "--workflow", "w", "--data", "two");
  expect(imported).toMatchObject({ code: 0, stdout: `${runs} imported\n` });
  expect(imported.stderr).toContain(
    "Columns that are not used: 'workflow', 'source', 'received_at', 'findings'",
  );
  expect(await exported("two", "runs")).toEqual(await exported("one", "runs"));
  const again = await run(folder, "import", "runs.parquet", "--workflow", "w", "--data", "two");
  expect(again.stdout).toBe(`0 imported, ${runs} known already\n`);
});

it("import() of reviews as Parquet through a map gives runs of them", async () => {
  expect(await toParquet("reviews", "reviews.parquet")).toMatchObject({ code: 0 });
  writeFileSync(join(folder, "map.yaml"), "started_at: at\noutputs: output\nattributes: [verdict, note]\n");
  const args = ["--workflow", "r", "--map", "map.yaml", "--data", "two"];
  const imported = await run(folder, "import", "reviews.parquet", ...args);
  expect(imported.stdout).toBe(`${Math.ceil(runs / 7)} imported\n`);
  const [first] = lines((await run(folder, "export", "--workflow", "r", "--data", "two")).stdout);
  expect(first).toMatchObject({ outputs: { category: "it" }, attributes: { verdict: "edited", note: "ä" } });
});

it("export() writes Parquet also where there is nothing", async () => {
  expect(await toParquet("incidents", "incidents.parquet")).toMatchObject({
    code: 0,
    stderr: "0 incidents written\n",
  });
  expect(readFileSync(join(folder, "incidents.parquet")).subarray(-4).toString()).toBe("PAR1");
});

const wrong = [
  {
    why: "Parquet to standard output",
    args: ["export", "--format", "parquet"],
    says: "--output must name a file",
  },
  {
    why: "Parquet into a folder that is not there",
    args: ["export", "--format", "parquet", "--output", "no/such.parquet"],
    says: "Cannot write 'no/such.parquet': ENOENT",
  },
  {
    why: "a file that is no Parquet",
    args: ["import", "bad.parquet"],
    says: "ClickHouse cannot read it as Parquet",
  },
  { why: "a file that is not there", args: ["import", "none.parquet"], says: "Cannot read 'none.parquet'" },
  { why: "a path that is a pattern", args: ["import", "*.parquet"], says: "must not hold *, ?, { or }" },
  {
    why: "columns that are no run's",
    args: ["import", "incidents.parquet"],
    says: "no column is an input or an output",
  },
];
it.each(wrong)("$why exits 2 and says why", async ({ args, says }) => {
  writeFileSync(join(folder, "bad.parquet"), "PAR1 nothing of the kind PAR1");
  const { code, stderr } = await run(folder, ...args, "--workflow", "w", "--data", "one");
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) as string });
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(existsSync(join(folder, "no"))).toBe(false);
});

it("import() of a Langfuse export goes in under its traces' ids, and lists what was refused", async () => {
  const trace = { id: "t1", timestamp: "2026-01-01T09:00:00Z", name: "w", input: { a: 1 }, output: "b" };
  const step = { id: "o1", traceId: "t1", type: "GENERATION", name: "call", startTime: trace.timestamp };
  const other = { ...step, id: "o2", type: "TOOL", name: "look" };
  writeFileSync(
    join(folder, "traces.json"),
    JSON.stringify([trace, { ...trace, id: "t2", timestamp: "never" }, 7]),
  );
  writeFileSync(join(folder, "observations.jsonl"), toLines([step, other]));
  const args = ["--format", "langfuse", "--workflow", "l", "--data", "two", "--rejects", "rejects.jsonl"];
  const imported = await run(folder, "import", "traces.json", "observations.jsonl", ...args);
  expect(imported).toMatchObject({ code: 1, stdout: "1 imported, 2 refused\n" });
  expect(lines(readFileSync(join(folder, "rejects.jsonl"), "utf8"))).toEqual([
    { line: 1, why: "line 3 of 'traces.json': it is not a JSON object" },
    { line: 3, why: expect.stringContaining("'started_at' must be") as string },
  ]);
  const stored = lines((await run(folder, "export", "--workflow", "l", "--data", "two")).stdout);
  expect(stored).toMatchObject([{ run_id: "t1", inputs: { a: 1 }, outputs: "b", source: "import" }]);
});

const refused = [
  { why: "columns that are no run's", column: "a", values: {} },
  { why: "a sidecar that is not there", column: "outputs", values: { url: "http://127.0.0.1:9" } },
];
it.each(refused)("import() refused by $why leaves no process", async ({ column, values }) => {
  const children = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
  const noneIsLeft = () => vi.waitFor(() => expect(children()).toBe(0), 5_000);
  await noneIsLeft();
  const path = join(folder, `${column}.parquet`);
  // More than a pipe takes, so that the reader cannot end by itself.
  const rows = Readable.from(
    Array.from({ length: 5_000 }, () => `${JSON.stringify({ [column]: "x".repeat(1_000) })}\n`),
  );
  // The processes are started as this one was, which knows no TypeScript.
  process.execArgv.push("--import", "tsx");
  try {
    await writeParquet(path, rows, { [column]: "text" });
    const config = configSchema.parse({ data: join(folder, "refused") });
    const context = { config, configFile: "", reread: () => config, positionals: [path] };
    await expect(importFile.run({ ...context, values: { workflow: "w", ...values } })).rejects.toThrow(
      /^Cannot (import|reach)/,
    );
  } finally {
    process.execArgv.splice(-2);
  }
  await noneIsLeft();
});
