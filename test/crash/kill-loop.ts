import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** How to torment the sidecar. */
export interface KillLoopOptions {
  kills: number;
  seed: number;
  control?: "no-token" | "no-ids";
}

/** What was acknowledged, and what the store held in the end. */
export interface KillLoopResult {
  acknowledged: number;
  /** Acknowledged runs that are not in the table. */
  lost: number;
  /** Copies beyond the first. */
  doubled: number;
  /** Runs counted in the rollups by minute and by hour. */
  minutes: number;
  hours: number;
  kills: number;
}

const clients = 8;
const runsPerRequest = 10;

/**
 * Loads the sidecar with clients that retry until they are acknowledged, kills it again and again with SIGKILL,
 * and compares in the end.
 */
export async function killLoop({ kills, seed, control }: KillLoopOptions): Promise<KillLoopResult> {
  const dir = mkdtempSync(join(tmpdir(), "evenkeel-crash-"));
  const random = createRandom(seed);
  let sidecar = await startSidecar(dir, control);
  let isLoading = true;
  const acknowledged: string[] = [];

  async function client(name: number): Promise<void> {
    for (let i = 0; isLoading; i++) {
      const ids = Array.from({ length: runsPerRequest }, (_, k) => `run-${name}-${i}-${k}`);
      // Some clients lose patience and send the same again; the first may have been kept.
      if (random() < 0.1) void post(sidecar.port, ids, random() * 4).catch(() => undefined);
      while (!(await post(sidecar.port, ids).catch(() => false))) await delay(5);
      acknowledged.push(...ids);
    }
  }

  const load = Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
  for (let kill = 0; kill < kills; kill++) {
    await delay(50 + random() * 500);
    sidecar.process.kill("SIGKILL");
    await once(sidecar.process, "exit");
    sidecar = await startSidecar(dir, control);
  }
  await delay(200);
  isLoading = false;
  await load;
  const audit = (await (await fetch(`http://127.0.0.1:${sidecar.port}/audit`)).json()) as Audit;
  sidecar.process.kill("SIGKILL");
  await once(sidecar.process, "exit");
  rmSync(dir, { recursive: true });
  return compare(acknowledged, audit, kills);
}

interface Audit {
  ids: { run_id: string; copies: number }[];
  sums: { minutes: number; hours: number };
}

function compare(acknowledged: readonly string[], { ids, sums }: Audit, kills: number): KillLoopResult {
  const copies = new Map(ids.map((row) => [row.run_id, row.copies]));
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !copies.has(id)).length,
    doubled: ids.reduce((sum, row) => sum + row.copies - 1, 0),
    ...sums,
    kills,
  };
}

async function startSidecar(dir: string, control = ""): Promise<{ process: ChildProcess; port: number }> {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", new URL("sidecar.ts", import.meta.url).pathname],
    {
      env: { ...process.env, DIR: dir, CONTROL: control, UV_THREADPOOL_SIZE: "16" },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  for await (const line of createInterface({ input: child.stdout }))
    return { process: child, port: Number(line) };
  throw new Error("Cannot start the sidecar: it ended before it was ready");
}

/** True if it was acknowledged. With `patienceMs` the connection is cut before the answer is waited for. */
function post(port: number, ids: readonly string[], patienceMs?: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/runs" }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(ids));
    if (patienceMs !== undefined)
      setTimeout(() => sent.destroy(new Error("Cannot wait any longer")), patienceMs);
  });
}

/** Park and Miller's generator: the same seed gives the same kills. */
function createRandom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
