import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "closing-line-"));
const reporter = resolve("test/closing-line-reporter.ts");

beforeAll(() => {
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  writeFileSync(
    join(folder, "vitest.config.ts"),
    `import { ClosingLineReporter } from ${JSON.stringify(reporter)};
    export default { test: { reporters: [new ClosingLineReporter()] } };`,
  );
  writeFileSync(
    join(folder, "few.test.ts"),
    `import { describe, it } from "vitest";
    it("good", () => {});
    it.skip("good but skipped", () => {});
    describe("group", () => {
      it("good inside", () => {});
      it("bad inside", () => { throw new Error("bad"); });
      it.todo("to do");
    });`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const cases = [
  { why: "counts what is skipped, and to do, as failed", chosen: [], line: "2 passed, 3 failed", status: 1 },
  {
    why: "does not count what -t left out",
    chosen: ["-t", "group good"],
    line: "1 passed, 0 failed",
    status: 0,
  },
  {
    why: "counts what is skipped among what -t chose",
    chosen: ["-t", "^good"],
    line: "1 passed, 1 failed",
    status: 1,
  },
];
it.each(cases)("ClosingLineReporter $why", ({ chosen, line, status }) => {
  const vitest = resolve("node_modules/vitest/vitest.mjs");
  const run = spawnSync(process.execPath, [vitest, "run", ...chosen], { cwd: folder, encoding: "utf8" });
  expect({ line: run.stdout.trim().split("\n").at(-1), status: run.status }).toEqual({ line, status });
});
