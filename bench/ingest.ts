/**
 * How fast runs go in: the built sidecar with default settings, a load generator on the same machine, everything on.
 *
 *   npm run bench:ingest [-- --long --seconds 20 --connections 16 --runs-per-request 20 --run-bytes 2000]
 *
 * `--long` sends for ten minutes, so that merges take part. `--url http://host:port` measures a sidecar that runs
 * already. For comparison, the embedded engine alone then takes the same rows, decoded beforehand, from memory. On a
 * machine that others use, compare the processor time of a run, not the rates.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { RawOptions, RawResult } from "./ingest-raw.ts";
import type { LoadOptions, LoadResult } from "./load.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "" },
    long: { type: "boolean", default: false },
    seconds: { type: "string", default: "20" },
    connections: { type: "string", default: "16" },
    "runs-per-request": { type: "string", default: "20" },
    "run-bytes": { type: "string", default: "2000" },
  },
});

interface Sidecar {
  url: string;
  stop(): Promise<void>;
  /** Processor seconds used so far, where that can be known. */
  cpuSeconds(): number;
}

async function startSidecar(): Promise<Sidecar> {
  const data = mkdtempSync(join(tmpdir(), "evenkeel-bench-"));
  const bin = new URL("../bin/evenkeel", import.meta.url).pathname;
  const child = spawn(bin, ["serve", "--port", "0", "--data", data], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const url = await addressOf(child);
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async stop() {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(data, { recursive: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout !== null) {
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /http:\/\/\S+/.exec(line)?.[0];
      if (address !== undefined) return address.replace(/\/$/, "");
    }
  }
  throw new Error("Cannot measure: the sidecar ended before it listened");
}

/** User and system time of a process, from /proc; 0 elsewhere. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0; // No /proc on this system.
  }
}

/** Runs another file of this folder, and reads the line of JSON that it prints. */
async function inChild<T>(file: string, options: unknown): Promise<T> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", new URL(file, import.meta.url).pathname, JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as T;
  throw new Error(`Cannot measure: '${file}' ended without a result`);
}

const generateLoad = (options: LoadOptions) => inChild<LoadResult>("load.ts", options);
const insertRaw = (options: RawOptions) => inChild<RawResult>("ingest-raw.ts", options);

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

const owned = values.url === "" ? await startSidecar() : null;
const url = owned?.url ?? values.url;
const base = {
  url: `${url}/v1/traces`,
  connections: Number(values.connections),
  runsPerRequest: Number(values["runs-per-request"]),
  runBytes: Number(values["run-bytes"]),
};
const seconds = values.long ? 600 : Number(values.seconds);
const loadBefore = loadavg()[0] ?? 0;
const before = await readStored(url);
const warm = await generateLoad({ ...base, seconds: 3 });
await untilStored(url, before + warm.runsAcknowledged);
const cpuBefore = owned?.cpuSeconds() ?? 0;
const load = await generateLoad({ ...base, seconds });
const runs = load.runsAcknowledged;
const storedAtEnd = (await readStored(url)) - before - warm.runsAcknowledged;
const lagSeconds = await untilStored(url, before + warm.runsAcknowledged + runs);
const cpuSeconds = (owned?.cpuSeconds() ?? 0) - cpuBefore;
await owned?.stop();
const { runsPerRequest, runBytes } = base;
const raw = await insertRaw({ runs: 40_000, runsPerRequest, runBytes });

const cpuUsPerRun = Math.round((cpuSeconds / runs) * 1e6);
const figures = {
  "processors; load average before": `${availableParallelism()}; ${loadBefore.toFixed(1)}`,
  "bytes per run": load.bytesPerRun,
  "acknowledged runs/s": Math.round(runs / load.seconds),
  "stored runs/s while loaded": Math.round(storedAtEnd / load.seconds),
  "runs/s until all were stored": Math.round(runs / (load.seconds + lagSeconds)),
  "seconds from the last acknowledgement until all were stored": lagSeconds.toFixed(2),
  "acknowledged after, p50 ms": load.latencyMsP50.toFixed(1),
  "acknowledged after, p99 ms": load.latencyMsP99.toFixed(1),
  "acknowledged after, max ms": load.latencyMsMax.toFixed(1),
  "refused requests": load.refusals,
  "sidecar CPU, µs per run": cpuUsPerRun,
  "load generator CPU, µs per run": Math.round(load.cpuUsPerRun),
  "engine alone, runs/s": raw.runsPerSecond,
  "engine alone, CPU, µs per run": raw.cpuUsPerRun,
  "engine alone without rollups, CPU, µs per run": raw.cpuUsPerRunWithoutRollups,
  "sidecar CPU as a multiple of the engine's alone": (cpuUsPerRun / raw.cpuUsPerRun).toFixed(1),
};
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(62)}${value}`);
