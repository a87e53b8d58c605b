import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { runCommand } from "../../../src/commands/canary-command.ts";
import { dataFolder } from "../../sidecar.ts";

const folder = dataFolder();
afterAll(() => folder.remove());

/** A shell that starts a child, says its process id and waits for it. */
const shell = (file: string) => `sleep 60 & echo $! > ${file}; wait`;
const readPid = (file: string) => {
  const pid = Number(readFileSync(file, "utf8"));
  expect(pid).toBeGreaterThan(0);
  return pid;
};
const isAlive = (pid: number) => {
  try {
    // A process that has ended and was not fetched by its parent yet is none.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

it("runCommand() ends what a command has started, once its time is over", async () => {
  const file = join(folder.data, "late");
  await expect(runCommand(shell(file), {}, 1_000)).rejects.toThrow("The command ended with a signal");
  const pid = readPid(file);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 2_000);
}, 20_000);

it("runCommand() ends what a command has started where the caller is interrupted", async () => {
  const file = join(folder.data, "interrupted");
  const module = new URL("../../../src/commands/canary-command.ts", import.meta.url).href;
  const program = `const { runCommand } = await import(${JSON.stringify(module)});
    await runCommand(${JSON.stringify(shell(file))}, {}, 60_000);`;
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  const caller = spawn(process.execPath, args, { stdio: "inherit" });
  const pid = await vi.waitFor(() => readPid(file), { timeout: 15_000, interval: 100 });
  caller.kill("SIGINT");
  expect(await once(caller, "exit")).toEqual([null, "SIGINT"]);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 2_000);
}, 30_000);

it("runCommand() kills a command that does not end when it is told to", async () => {
  await expect(runCommand("trap '' TERM; sleep 60 & wait; sleep 60", {}, 100)).rejects.toThrow(
    /none came within 5100 ms/,
  );
}, 20_000);
