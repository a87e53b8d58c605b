import { copyFileSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSpool } from "../../../src/collector/spool.ts";
import { systemClock } from "../../../src/model/clock.ts";
import { rollupRow, runRow } from "../../conformance/rows.ts";
import { lines, run, scratch } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

const fromMs = Date.UTC(2026, 0, 1);
const args = ["--workflow", "invoices", "--data", "data"];

let folder = "";
let remove = () => {};

beforeEach(() => {
  ({ folder, remove } = scratch());
  writeFileSync(join(folder, "runs.jsonl"), toLines(past({ runs: 3, fromMs, everyMs: 60_000 })));
});
afterEach(() => remove());

/** What a process leaves that ends before the store has taken its last runs. */
async function leaveInSpool(ids: readonly string[]): Promise<void> {
  const meter = { inc: () => undefined };
  const spool = await createSpool({
    dir: join(folder, "data", "spool"),
    bytesMax: 1 << 30,
    clock: systemClock,
    log: pino({ level: "silent" }),
    meters: { runsReceived: meter, dropped: meter },
  });
  for (const id of ids) {
    const row = runRow({ run_id: id, workflow: "invoices", received_at: fromMs });
    await spool.append(
      { runs: [row], rollups: [rollupRow({ workflow: "invoices", minute: fromMs / 1000 })] },
      [`run:${id}`],
    );
  }
  await spool.close();
}

const exportedIds = async () => {
  const { code, stdout, stderr } = await run(folder, "export", ...args);
  expect(code).toBe(0);
  expect(stderr).not.toContain("the store did not take");
  return lines(stdout).map(({ run_id }) => run_id);
};

describe("a command that reads a folder with runs in its spool", () => {
  it("stores them first, once, and knows them afterwards", async () => {
    expect(await run(folder, "import", "runs.jsonl", ...args)).toMatchObject({ code: 0 });
    await leaveInSpool(["left-1", "left-2"]);
    const ids = await exportedIds();
    expect(ids).toHaveLength(5);
    expect(ids).toEqual(expect.arrayContaining(["left-1", "left-2"]));
    expect(await exportedIds()).toEqual(ids);
    writeFileSync(
      join(folder, "again.jsonl"),
      toLines([{ run_id: "left-1", started_at: "2026-01-01", outputs: { a: 1 } }]),
    );
    expect((await run(folder, "import", "again.jsonl", ...args)).stdout).toBe(
      "0 imported, 1 known already\n",
    );
  });

  it("stores them once after a power loss, which leaves their rows in the store and takes the tokens", async () => {
    writeFileSync(join(folder, "none.jsonl"), "");
    expect(await run(folder, "import", "none.jsonl", ...args)).toMatchObject({ code: 0 });
    await leaveInSpool(["left-1", "left-2"]);
    const spool = join(folder, "data", "spool");
    const segment = readdirSync(spool).find((name) => name.endsWith(".seg")) ?? "";
    copyFileSync(join(spool, segment), join(folder, segment));
    const ids = await exportedIds();
    expect(ids).toHaveLength(2);

    copyFileSync(join(folder, segment), join(spool, segment));
    const store = join(folder, "data", "clickhouse", "store");
    const logs = readdirSync(store, { recursive: true, encoding: "utf8" }).filter((path) =>
      /deduplication_log_\d+\.txt$/.test(path),
    );
    for (const path of logs) truncateSync(join(store, path));
    expect(await exportedIds()).toEqual(ids);
  });
});

describe("evenkeel import", () => {
  it("import() says how many runs a store that is away did not take", async () => {
    writeFileSync(join(folder, "config.yaml"), `clickhouse: { url: "http://127.0.0.1:1" }`);
    const { stdout, stderr } = await run(folder, "import", "runs.jsonl", ...args, "--config", "config.yaml");
    expect(stdout).toBe("3 imported\n");
    expect(stderr).toContain(
      "Warning: the store did not take 3 runs, kept in the spool of 'data' until it does\n",
    );
  });
});
