import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { vi } from "vitest";

/** The demo in a process of its own, with a real Prometheus that scrapes it. */
export interface DemoWorld {
  url: string;
  prometheusUrl: string;
  /** The demo's data folder; open it only after `stopDemo`. */
  data: string;
  get(path: string): Promise<any>;
  /** Ends the demo and keeps its data. */
  stopDemo(): Promise<void>;
  stop(): Promise<void>;
}

const root = new URL("../../../", import.meta.url).pathname;

/** Starts demo and Prometheus; resolves once the demo listens. */
export async function startDemoWorld(): Promise<DemoWorld> {
  const dir = mkdtempSync(join(tmpdir(), "evenkeel-demo-"));
  const data = join(dir, "data");
  const demo = spawn(
    process.execPath,
    ["--import", "tsx", "src/main.ts", "demo", "--port", "0", "--data", data],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, UV_THREADPOOL_SIZE: "16" } },
  );
  const url = await addressOf(demo);
  const prometheusPort = await freePort();
  const prometheus = startPrometheus(dir, prometheusPort, new URL(url).port);
  const end = async (child: ChildProcess) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  };
  return {
    url,
    prometheusUrl: `http://127.0.0.1:${prometheusPort}`,
    data,
    get: async (path) => (await fetch(url + path)).json(),
    stopDemo: () => end(demo),
    async stop() {
      await Promise.all([end(demo), end(prometheus)]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The address that the demo prints; what it prints after that is read and dropped, so that the pipe never fills. */
function addressOf(demo: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    demo.stdout?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(0, 10_000);
      const address = /http:\/\/localhost:\d+/.exec(said)?.[0];
      if (address !== undefined) resolve(address);
    });
    demo.once("exit", () => reject(new Error(`Cannot start the demo: ${said}`)));
  });
}

function startPrometheus(dir: string, port: number, target: string): ChildProcess {
  const folder = join(dir, "prometheus");
  mkdirSync(folder);
  writeFileSync(
    join(folder, "prometheus.yml"),
    JSON.stringify({
      global: { scrape_interval: "1s" },
      scrape_configs: [{ job_name: "evenkeel", static_configs: [{ targets: [`127.0.0.1:${target}`] }] }],
    }),
  );
  return spawn(
    "prometheus",
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: "ignore" },
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("Cannot find a free port");
  return address.port;
}

/** Resolves with the open incident of a workflow whose title matches. */
export async function incidentOf(world: DemoWorld, workflow: string, title: RegExp): Promise<any> {
  return vi.waitFor(
    async () => {
      const { incidents } = await world.get(`/v1/incidents?workflow=${workflow}`);
      const found = incidents.find((one: any) => title.test(one.title) && one.example_run_ids.length > 0);
      if (found === undefined)
        throw new Error(`Cannot find an incident of ${workflow} that says ${String(title)}`);
      return found;
    },
    { timeout: 400_000, interval: 500 },
  );
}

/** Debian's Chromium, without its calls home. */
export function launchBrowser(): Promise<Browser> {
  const flags = [
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
  ];
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: flags.map((flag) => `--${flag}`) });
}
