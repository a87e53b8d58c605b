import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { setAsideProblem } from "../../src/set-aside.ts";

it("setAsideProblem() names every place until it is empty", async () => {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-aside-"));
  expect((await setAsideProblem(data)).solved).toBe(true);
  mkdirSync(join(data, "spool", "quarantine"), { recursive: true });
  writeFileSync(join(data, "spool", "quarantine", "000000000001-0.bin"), "x");
  writeFileSync(join(data, "journal.corrupt-1"), "x");
  const { solved, text } = await setAsideProblem(data);
  expect({ solved, text }).toEqual({
    solved: false,
    text: "Damaged data was set aside in the data folder, in 'journal.corrupt-1', 'spool/quarantine', and is missing. Remove it when it has been looked at",
  });
  rmSync(join(data, "journal.corrupt-1"));
  rmSync(join(data, "spool"), { recursive: true });
  expect((await setAsideProblem(data)).solved).toBe(true);
});
