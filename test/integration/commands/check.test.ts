import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Figure } from "../../../src/model/verdict.ts";
import { run, scratch } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

let folder = "";
let remove = () => {};
const write = (name: string, values: Iterable<unknown>) => writeFileSync(join(folder, name), toLines(values));
const outputs = (options: { runs: number; brokenFrom?: number }) =>
  [...past({ ...options, fromMs: 0, everyMs: 1 })].map((one) => one.outputs as Record<string, unknown>);
const check = (...args: string[]) => run(folder, "check", ...args, "--workflow", "invoices");

beforeAll(() => {
  ({ folder, remove } = scratch());
  const all = outputs({ runs: 800 });
  write("a.jsonl", all.slice(0, 400));
  write("same.jsonl", all.slice(400));
  write("empty.jsonl", outputs({ runs: 400, brokenFrom: 0 }));
  write("few.jsonl", all.slice(0, 20));
  write(
    "dearer.jsonl",
    all.slice(400).map((one) => ({ ...one, amount: (one.amount as number) + 40 })),
  );
  write(
    "without-vendor.jsonl",
    all.slice(400).map(({ category, amount }) => ({ category, amount })),
  );
  write(
    "runs.jsonl",
    all.slice(400).map((one, at) => ({ inputs: { at }, outputs: one, version: "v13" })),
  );
  write(
    "currency.jsonl",
    all
      .slice(400)
      .map((one, at) => ({ ...one, category: at % 3 === 0 ? "€" : at % 7 === 0 ? "es" : one.category })),
  );
  write("none.jsonl", []);
  writeFileSync(join(folder, "broken.jsonl"), '{"a":1}\nI am sorry, but\n');
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  writeFileSync(join(folder, "deep.jsonl"), `{"a":1}\n{"inputs":${deep},"outputs":{"a":1}}\n`);
});
afterAll(() => remove());

describe("evenkeel check", () => {
  it.each([
    { why: "two batches of one kind", b: "same.jsonl" },
    { why: "a batch with itself", b: "a.jsonl" },
    { why: "runs with outputs", b: "runs.jsonl" },
  ])("check() exits 0 for $why", async ({ b }) => {
    const { code, stdout } = await check("a.jsonl", b);
    expect(stdout).toContain("Same: nothing differs");
    expect(code).toBe(0);
  });

  it.each([
    { why: "a category that is empty", b: "empty.jsonl", kind: "null_rate", field: "output.category" },
    { why: "amounts that moved", b: "dearer.jsonl", kind: "output_distribution", field: "output.amount" },
    { why: "a field that is gone", b: "without-vendor.jsonl", kind: "null_rate", field: "output.vendor" },
  ])("check() exits 1 and names $why, with figures and intervals", async ({ b, kind, field }) => {
    const { code, stdout } = await check("a.jsonl", b);
    expect(code).toBe(1);
    expect(stdout).toContain(field);
    const printed = JSON.parse((await check("a.jsonl", b, "--json")).stdout) as {
      outcome: string;
      signals: { kind: string; field: string; verdict: string; first: Figure; second: Figure }[];
    };
    expect(printed.outcome).toBe("drift");
    const found = printed.signals.find((one) => one.kind === kind && one.field === field);
    expect(found?.verdict).toBe("drift");
    const { first, second } = found!;
    expect(first.low <= first.value && first.value <= first.high).toBe(true);
    // The intervals do not meet: the change is there for all to see.
    expect(second.low > first.high || second.high < first.low).toBe(true);
  });

  it("check() names the values that the first batch never had", async () => {
    const { stdout } = await check("a.jsonl", "currency.jsonl");
    expect(stdout).toContain('never seen before (such as "€", "es")');
    const printed = JSON.parse((await check("a.jsonl", "currency.jsonl", "--json")).stdout) as {
      signals: { kind: string; values?: string[] }[];
    };
    expect(printed.signals.filter(({ values }) => values !== undefined)).toMatchObject([
      { kind: "output_distribution", field: "output.category", values: ["€", "es"] },
    ]);
  });

  it.each([
    { why: "a batch that is too small", b: "few.jsonl" },
    { why: "a batch without a line", b: "none.jsonl" },
  ])("check() exits 2 for $why", async ({ b }) => {
    const { code, stdout } = await check("a.jsonl", b);
    expect(stdout).toContain("Not enough data");
    expect(code).toBe(2);
  });

  it("check() tells the line that is not JSON", async () => {
    const { code, stderr } = await check("a.jsonl", "broken.jsonl");
    expect(code).toBe(2);
    expect(stderr).toContain("Cannot compare 'broken.jsonl': line 2: it is not JSON");
    expect(stderr).not.toContain("sorry");
  });

  it("check() names the line that is nested too deep to be counted", async () => {
    const { code, stderr } = await check("deep.jsonl", "a.jsonl");
    expect(stderr).toBe("Cannot compare 'deep.jsonl': line 2: it is nested too deep\n");
    expect(code).toBe(2);
  });
});
