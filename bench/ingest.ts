/**
 * How fast runs go in: the built sidecar with default settings, a load generator on the same machine, everything on.
 *
 *   npm run build && npm run bench:ingest [-- --seconds 20 --connections 16 --runs-per-request 20 --run-bytes 2000]
 *
 * `--url http://host:port` measures a sidecar that runs already.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { LoadOptions, LoadResult } from "./load.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "" },
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
  const main = new URL("../dist/main.js", import.meta.url).pathname;
  const child = spawn(process.execPath, [main, "serve", "--port", "0", "--data", data], {
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

async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", new URL("load.ts", import.meta.url).pathname, JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as LoadResult;
  throw new Error("Cannot measure: the load generator ended without a result");
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

const owned = values.url === "" ? await startSidecar() : null;
const url = owned?.url ?? values.url;
const base = {
  url: `${url}/v1/traces`,
  connections: Number(values.connections),
  runsPerRequest: Number(values["runs-per-request"]),
  runBytes: Number(values["run-bytes"]),
};
const before = await readStored(url);
const warm = await generateLoad({ ...base, seconds: 3 });
await untilStored(url, before + warm.runsAcknowledged);
const cpuBefore = owned?.cpuSeconds() ?? 0;
const load = await generateLoad({ ...base, seconds: Number(values.seconds) });
const runs = load.runsAcknowledged;
const storedAtEnd = (await readStored(url)) - before - warm.runsAcknowledged;
const lagSeconds = await untilStored(url, before + warm.runsAcknowledged + runs);
const cpuSeconds = (owned?.cpuSeconds() ?? 0) - cpuBefore;
await owned?.stop();

const figures = {
  "bytes per run": load.bytesPerRun,
  "acknowledged runs/s": Math.round(runs / load.seconds),
  "stored runs/s while loaded": Math.round(storedAtEnd / load.seconds),
  "runs/s until all were stored": Math.round(runs / (load.seconds + lagSeconds)),
  "seconds from the last acknowledgement until all were stored": Number(lagSeconds.toFixed(2)),
  "acknowledged after, p50 ms": Number(load.latencyMsP50.toFixed(1)),
  "acknowledged after, p99 ms": Number(load.latencyMsP99.toFixed(1)),
  "acknowledged after, max ms": Number(load.latencyMsMax.toFixed(1)),
  "refused requests": load.refusals,
  "sidecar CPU, µs per run": Math.round((cpuSeconds / runs) * 1e6),
};
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(62)}${value}`);
