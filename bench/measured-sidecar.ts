import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { LoadOptions, LoadResult } from "./load.ts";

/** A process under load. */
export interface Measured {
  url: string;
  stop(): Promise<void>;
  /** Processor seconds used so far, where that can be known; 0 elsewhere. */
  cpuSeconds(): number;
}

/** A file system in memory, where there is one: syncs to it are free. */
export const memoryFolder = "/dev/shm";

const ownFolder = fileURLToPath(new URL("..", import.meta.url));

/** Starts the built sidecar of this copy, or of the one in `folder`, with default settings and data of its own. */
export async function startSidecar({ spoolInMemory = false, folder = ownFolder } = {}): Promise<Measured> {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-bench-"));
  const memory = spoolInMemory ? mkdtempSync(join(memoryFolder, "evenkeel-bench-")) : null;
  if (memory !== null) {
    mkdirSync(join(data, "evenkeel"));
    symlinkSync(memory, join(data, "evenkeel", "spool"));
  }
  const bin = join(folder, "bin", "evenkeel");
  const child = spawn(bin, ["serve", "--port", "0", "--data", join(data, "evenkeel")], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await addressOf(child);
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async stop() {
      child.kill("SIGKILL");
      await once(child, "exit");
      for (const folder of [data, ...(memory === null ? [] : [memory])]) rmSync(folder, { recursive: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout !== null) {
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /http:\/\/[^\s,]+/.exec(line)?.[0];
      if (address !== undefined) return address.replace(/\/$/, "");
    }
  }
  throw new Error("Cannot measure: the sidecar ended before it listened");
}

/** User and system time of a process, from /proc; 0 elsewhere. */
export function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // No /proc on this system.
  }
}

/** Runs another file of this folder, and reads the line of JSON that it prints. */
export async function inChild<T>(file: string, options: unknown): Promise<T> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", new URL(file, import.meta.url).pathname, JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as T;
  throw new Error(`Cannot measure: '${file}' ended without a result`);
}

async function readStored(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^evenkeel_runs_stored_total (\S+)/m.exec(text)?.[1] ?? 0);
}

/** Resolves with the seconds until the store holds `runs`. */
async function untilStored(url: string, runs: number): Promise<number> {
  const startMs = performance.now();
  while ((await readStored(url)) < runs) await delay(50);
  return (performance.now() - startMs) / 1000;
}

/** What a sidecar did with a load. */
export interface Ingested extends LoadResult {
  storedWhileLoaded: number;
  lagSeconds: number;
  /** Of the sidecar, warm, until all runs were stored. */
  cpuUsPerRun: number;
  loadCpuUsPerRun: number;
}

/** Warms a sidecar up, loads it, and waits until all of the load is in tables and rollups. */
export async function measureIngest(
  sidecar: Measured,
  load: Omit<LoadOptions, "url">,
  warmSeconds = 3,
): Promise<Ingested> {
  const url = sidecar.url;
  const generate = (options: Partial<LoadOptions>) =>
    inChild<LoadResult>("load.ts", { ...load, url, ...options });
  const before = await readStored(url);
  const warm = await generate({ seconds: warmSeconds });
  await untilStored(url, before + warm.runsAcknowledged);
  const cpuBefore = sidecar.cpuSeconds();
  const result = await generate({});
  const storedBefore = before + warm.runsAcknowledged;
  const storedWhileLoaded = (await readStored(url)) - storedBefore;
  const lagSeconds = await untilStored(url, storedBefore + result.runsAcknowledged);
  const cpuSeconds = sidecar.cpuSeconds() - cpuBefore;
  return {
    ...result,
    loadCpuUsPerRun: result.cpuUsPerRun,
    storedWhileLoaded,
    lagSeconds,
    cpuUsPerRun: (cpuSeconds / result.runsAcknowledged) * 1e6,
  };
}

/** Six clients that search all runs for a text that none of them has, over and over. */
export function queryHeavily({ url }: Measured): () => Promise<void> {
  let isEnded = false;
  const client = async () => {
    while (!isEnded) await (await fetch(`${url}/v1/runs?q=${encodeURIComponent("no run says this")}`)).text();
  };
  const clients = Array.from({ length: 6 }, client);
  return async () => {
    isEnded = true;
    await Promise.all(clients);
  };
}
