import { spawn } from "node:child_process";
import { text as readText } from "node:stream/consumers";
import type { Json } from "../model/json.ts";
import { within } from "../model/within.ts";

/** A command that was told to end has so long before it is killed. */
const graceMs = 5_000;
const interrupts = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Gives an input to a command of the shell and reads its answer. A command that takes too long is ended with all that it has
 * started: the children of a shell that is ended alone go on, and hold the pipe that is read. It ends with this process, too.
 *
 * @throws {Error} If it ends with another code than 0, or not in time, or its answer is no JSON.
 */
export async function runCommand(command: string, inputs: Json, timeoutMs: number): Promise<Json> {
  const child = spawn(command, {
    shell: true,
    // The leader of a process group, which can be signalled as a whole.
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, EVENKEEL_MODE: "canary" },
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  // A command that does not read its input closes the pipe early.
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify(inputs));
  const forget = passInterruptsOn(child.pid);
  const timer = setTimeout(() => signalGroup(child.pid, "SIGTERM"), timeoutMs);
  try {
    const [output, code] = await within(timeoutMs + graceMs, (late) => {
      late.addEventListener("abort", () => signalGroup(child.pid, "SIGKILL"));
      return Promise.all([readText(child.stdout), exited]);
    });
    if (code !== 0) throw new Error(`The command ended with ${code === null ? "a signal" : `code ${code}`}`);
    return JSON.parse(output) as Json;
  } finally {
    clearTimeout(timer);
    forget();
  }
}

/** A terminal interrupts its own process group alone, so the command hears of it from us. Returns what ends that. */
function passInterruptsOn(pid: number | undefined): () => void {
  const forget = () => {
    for (const name of interrupts) process.off(name, passOn);
  };
  const passOn = (name: NodeJS.Signals) => {
    // What a shell has put into the background ignores SIGINT.
    signalGroup(pid, "SIGTERM");
    forget();
    process.kill(process.pid, name);
  };
  for (const name of interrupts) process.on(name, passOn);
  return forget;
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name);
  } catch {
    // It has ended.
  }
}
