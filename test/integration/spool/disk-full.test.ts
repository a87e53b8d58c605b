import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSegment } from "../../../src/collector/segment-format.ts";

const script = new URL("../../crash/disk-full.ts", import.meta.url).pathname;
const fileKib = 64;

it("spool.append() refuses on a full disk, corrupts nothing, and goes on when there is room", () => {
  const dir = mkdtempSync(join(tmpdir(), "evenkeel-full-"));
  const command = `ulimit -f ${fileKib}; exec "$0" --import tsx "$1"`;
  const output = execFileSync("bash", ["-c", command, process.execPath, script], {
    env: { ...process.env, DIR: dir, TSX_DISABLE_CACHE: "1" },
    encoding: "utf8",
  });
  const { kept, refused } = JSON.parse(output) as { kept: string[]; refused: string[] };
  expect(refused.length).toBeGreaterThan(3);
  expect(kept).toContain("small");
  expect(kept).toContain("after");

  const segments = readdirSync(dir)
    .filter((name) => name.endsWith(".seg"))
    .sort();
  const found = segments.map((name) => readSegment(readFileSync(join(dir, name))));
  expect(found.flatMap((segment) => segment.damaged)).toEqual([]);
  const ids = found
    .flatMap((segment) => segment.records)
    .map((record) => (JSON.parse(record.sections[0]?.ndjson.toString() ?? "") as { run_id: string }).run_id);
  expect(ids).toEqual(kept);
});
