import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openRejectFile } from "../../../src/import/reject-file.ts";

const path = join(mkdtempSync(join(tmpdir(), "evenkeel-rejects-")), "rejects.jsonl");
const linesOf = () =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");

it("openRejectFile() begins anew with the import, and goes on with one that was cut off", () => {
  writeFileSync(path, "of another import\n");
  const first = openRejectFile(path, 0);
  for (const line of [3, 7, 9]) first.add(line, "it is not JSON");
  // A crash in the middle of a line; only what is up to line 7 is known to be imported.
  writeFileSync(path, `${readFileSync(path, "utf8")}{"line":11,`);
  const second = openRejectFile(path, 7);
  second.add(9, "it is not JSON");
  expect(linesOf().map((line) => (JSON.parse(line) as { line: number }).line)).toEqual([3, 7, 9]);
});

it("openRejectFile() says where it cannot write", () => {
  expect(() => openRejectFile("/no/such/folder/x", 0)).toThrow("Cannot write '/no/such/folder/x': ENOENT");
});
