import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtBin } from "./built-bin.ts";

/** A sidecar as users start it: the built command in a process of its own. */
export interface Sidecar {
  url: string;
  data: string;
  process: ChildProcess;
  /** What it has printed on both streams. */
  output(): string;
  /** SIGTERM and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** A start on a port that was free before asks for the one below it too, which nobody kept free. */
const withoutGrpc = { EVENKEEL_GRPC: "false" };

/** A folder for one test, and the way to remove it. */
export function dataFolder(): { data: string; remove(): void } {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-test-"));
  return { data, remove: () => rmSync(data, { recursive: true, force: true }) };
}

/** Runs a command of the command line to its end. */
export async function runCommand(args: string[], env: Record<string, string> = {}) {
  const child = spawn(builtBin(), args, {
    env: { ...process.env, ...withoutGrpc, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

/** Starts `evenkeel serve` on a free port and resolves once it says where it listens. */
export function startSidecar(
  data: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Sidecar> {
  return start("serve", data, args, env);
}

/** Starts `evenkeel demo` on a free port. */
export function startDemo(data: string): Promise<Sidecar> {
  return start("demo", data, [], {});
}

async function start(
  command: string,
  data: string,
  args: string[],
  env: Record<string, string>,
): Promise<Sidecar> {
  const child = spawn(builtBin(), [command, "--data", data, "--port", "0", ...args], {
    env: { ...process.env, ...withoutGrpc, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const address = /listens on (http:.+?:\d+)/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`The sidecar ended with code ${code}: ${output}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, "exit");
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  };
  return {
    url,
    data,
    process: child,
    output: () => output,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL").then(() => undefined),
  };
}

/** Polls until a value is there; the test's own time limit ends it. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
