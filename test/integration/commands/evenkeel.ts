import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtBin } from "../../built-bin.ts";

/** What a command left behind. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface Running {
  child: ChildProcess;
  /** Resolves once the output matches; rejects if the command ends first. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<Ended>;
}

/** Starts the built command, in a folder, with nothing of the caller's environment that could change it. */
export function start(cwd: string, args: readonly string[]): Running {
  // A start on a port that was free before would ask for the one below it too, which nobody kept free.
  const env = { PATH: process.env.PATH, HOME: cwd, NODE_ENV: "test", EVENKEEL_GRPC: "false" };
  const child = spawn(builtBin(), args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const look of [...waiting]) look();
    });
  }
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, ...text }));
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(text.stdout + text.stderr);
          if (found === null) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void ended.then(() =>
          reject(new Error(`The command ended without saying ${pattern}: ${text.stderr}`)),
        );
      }),
  };
}

/** Runs the built command to its end. */
export function run(cwd: string, ...args: string[]): Promise<Ended> {
  return start(cwd, args).ended;
}

/** Starts a sidecar on a free port, and answers its address. */
export async function serve(
  cwd: string,
  ...args: string[]
): Promise<Running & { url: string; port: string }> {
  const running = start(cwd, ["serve", "--port", "0", ...args]);
  const [, url = "", port = ""] = await running.says(/listens on (http:\/\/localhost:(\d+))/);
  return { ...running, url, port };
}

/** Asks a sidecar to stop, and waits until it has. */
export async function stop(running: Running): Promise<void> {
  running.child.kill("SIGTERM");
  await running.ended;
}

/** A folder of its own, and the way to be rid of it. */
export function scratch(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-commands-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Lines of JSON as values. */
export function lines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
