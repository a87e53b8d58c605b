/**
 * The sidecar beside the OpenTelemetry Collector: the same OTLP protobuf requests over HTTP, in turns on one machine.
 *
 *   npm run bench:collector -- --otelcol PATH [--seconds 20]
 *
 * The Collector (any build with the OTLP receiver and the file exporter; `docs/performance.md` says how to make one)
 * decodes each request and writes it to a file, without a sync, and answers then. The sidecar also redacts, checks
 * contracts, counts every field, syncs before it answers, and moves everything into tables and rollups. What is compared
 * is runs a second per core: acknowledged runs by the processor time that they took, to the end.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { LoadOptions, LoadResult } from "./load.ts";
import { cpuSecondsOf, inChild, type Measured, measureIngest, startSidecar } from "./measured-sidecar.ts";

const { values } = parseArgs({
  options: {
    otelcol: { type: "string", default: "otelcol" },
    seconds: { type: "string", default: "20" },
    port: { type: "string", default: "24318" },
  },
});

const configOf = (port: string, file: string) => `
receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } } }
exporters: { file: { path: "${file}", format: proto } }
service:
  telemetry: { metrics: { level: none } }
  pipelines: { traces: { receivers: [otlp], exporters: [file] } }
`;

async function startCollector(): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-collector-"));
  const config = join(folder, "config.yaml");
  writeFileSync(config, configOf(values.port, join(folder, "traces.pb")));
  const child = spawn(values.otelcol, ["--config", config], { stdio: "ignore" });
  await once(child, "spawn").catch((cause: unknown) => {
    throw new Error(`Cannot measure: '${values.otelcol}' does not start; name a Collector with --otelcol`, {
      cause,
    });
  });
  const url = `http://127.0.0.1:${values.port}`;
  for (let isUp = false; !isUp; ) {
    if (child.exitCode !== null) throw new Error("Cannot measure: the Collector ended before it listened");
    await delay(100);
    isUp = await fetch(url).then(
      () => true,
      () => false,
    );
  }
  return {
    url,
    cpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    async stop() {
      child.kill("SIGKILL");
      await once(child, "exit");
      rmSync(folder, { recursive: true });
    },
  };
}

interface Cost {
  acknowledgedPerSecond: number;
  latencyMsP99: number;
  runsPerCoreSecond: number;
}

async function measureCollector(load: Omit<LoadOptions, "url">): Promise<Cost> {
  const collector = await startCollector();
  const generate = (seconds: number) =>
    inChild<LoadResult>("load.ts", { ...load, url: collector.url, seconds });
  await generate(3);
  const before = collector.cpuSeconds();
  const { runsAcknowledged, seconds, latencyMsP99 } = await generate(load.seconds);
  const cpuSeconds = collector.cpuSeconds() - before;
  await collector.stop();
  return {
    acknowledgedPerSecond: runsAcknowledged / seconds,
    latencyMsP99,
    runsPerCoreSecond: runsAcknowledged / cpuSeconds,
  };
}

async function measureSidecar(load: Omit<LoadOptions, "url">): Promise<Cost> {
  const sidecar = await startSidecar();
  const { runsAcknowledged, seconds, latencyMsP99, cpuUsPerRun } = await measureIngest(sidecar, load);
  await sidecar.stop();
  return {
    acknowledgedPerSecond: runsAcknowledged / seconds,
    latencyMsP99,
    runsPerCoreSecond: 1e6 / cpuUsPerRun,
  };
}

const load = { seconds: Number(values.seconds) };
console.log(`load average before ${(loadavg()[0] ?? 0).toFixed(1)}`);
const theirs = await measureCollector(load);
const ours = await measureSidecar(load);
const line = (name: string, { acknowledgedPerSecond, latencyMsP99, runsPerCoreSecond }: Cost) =>
  console.log(
    `${name.padEnd(26)}${acknowledgedPerSecond.toFixed(0).padStart(10)} acknowledged/s, p99 ${latencyMsP99.toFixed(0)} ms, ${runsPerCoreSecond.toFixed(0)} runs/s a core`,
  );
line("Collector, to a file", theirs);
line("sidecar, into tables", ours);
const ratio = ours.runsPerCoreSecond / theirs.runsPerCoreSecond;
console.log(`ratio ${ratio.toFixed(2)}  bar ≥ 1.0, for the same work; the Collector does less of it`);
