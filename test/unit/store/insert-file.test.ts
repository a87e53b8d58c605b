import { fstatSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createInsertFiles } from "../../../src/store/insert-file.ts";
import { ndjson, runRow } from "../../conformance/rows.ts";

/** An engine that keeps what each statement would have read. */
function start(folder = mkdtempSync(join(tmpdir(), "evenkeel-insert-file-"))) {
  const read: string[] = [];
  let fd = -1;
  let fault: Error | null = null;
  const files = createInsertFiles({
    folder,
    select: <T>() => Promise.resolve([{ name: "run_id", type: "String" }] as T[]),
    run(sql) {
      fd = Number(/'\/dev\/fd\/(\d+)'/.exec(sql)?.[1]);
      read.push(readFileSync(`/dev/fd/${fd}`, "utf8"));
      return fault === null ? Promise.resolve() : Promise.reject(fault);
    },
  });
  return { folder, files, read, bytes: () => fstatSync(fd).size, fail: (error: Error) => (fault = error) };
}

const rows = (count: number) =>
  Array.from({ length: count }, (_, n) => ndjson([runRow({ run_id: `é${n}` })]));

it("createInsertFiles() shows the engine just the rows of an insert, in turn, whatever was there before", async () => {
  const { files, read, folder } = start();
  const batches = [rows(3000), rows(1), Buffer.concat(rows(40)), rows(2)];
  await Promise.all(batches.map((batch, n) => files.insert("runs", batch, String(n))));
  expect(read).toEqual(batches.map((batch) => Buffer.concat([batch].flat()).toString()));
  expect(readdirSync(folder)).toEqual([]);
  await files.close();
});

it("createInsertFiles() takes no room for rows that the engine has not taken", async () => {
  const { files, fail, bytes, read } = start();
  fail(new Error("no room"));
  await expect(files.insert("runs", rows(100), "a")).rejects.toThrow("no room");
  expect(read[0]?.length).toBeGreaterThan(0);
  expect(bytes()).toBe(0);
  await files.close();
});

it("createInsertFiles() shares no file with another store of the same folder", async () => {
  const first = start();
  const stores = [first, ...Array.from({ length: 9 }, () => start(first.folder))];
  await Promise.all(stores.map(({ files }, n) => files.insert("runs", rows(n + 1), "a")));
  for (const [n, { read, files }] of stores.entries()) {
    expect(read).toEqual([Buffer.concat(rows(n + 1)).toString()]);
    await files.close();
  }
});
