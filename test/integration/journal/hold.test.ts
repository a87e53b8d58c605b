import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openJournal } from "../../../src/journal/open-journal.ts";
import { PermanentError } from "../../../src/model/errors.ts";

const log = pino({ level: "silent" });
const opener = new URL("open-and-write.ts", import.meta.url).pathname;
let folder = "";
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-hold-"));
});

afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function startHolder(path: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, ["--import", "tsx", opener, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  return holder;
}

it("openJournal() names the process that holds the folder, and opens it once that one was killed", async () => {
  const path = join(folder, "journal.db");
  child = await startHolder(path);
  expect(() => openJournal({ path, log })).toThrow(PermanentError);
  expect(() => openJournal({ path, log })).toThrow(
    `Cannot open data folder '${folder}': another process (pid ${child.pid ?? 0}) holds it`,
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  const journal = openJournal({ path, log });
  expect(journal.meta.get("written")).not.toBeNull();
  journal.close();
});

it("journal keeps every write that was acknowledged before a kill", async () => {
  const path = join(folder, "journal.db");
  for (let round = 0; round < 5; round += 1) {
    child = await startHolder(path);
    let acknowledged = 0;
    child.stdout?.on("data", (bytes: Buffer) => {
      const lines = bytes.toString().trim().split("\n");
      acknowledged = Math.max(acknowledged, ...lines.map(Number));
    });
    for (let chunk = 0; chunk <= round; chunk += 1) await once(child.stdout!, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    const journal = openJournal({ path, log });
    expect(Number(journal.meta.get("written"))).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
    journal.close();
  }
});
