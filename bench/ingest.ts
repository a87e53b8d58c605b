/**
 * How fast runs go in: the built sidecar with default settings, a load generator on the same machine, everything on.
 *
 *   npm run bench:ingest [-- --forms --long --seconds 20 --connections 16 --runs-per-request 20 --run-bytes 2000]
 *
 * For comparison, the embedded engine alone then takes the same rows, decoded beforehand, from memory. `--forms` also
 * sends in every other form, runs of 100 KB, with the spool in memory, and beside heavy queries. `--long` sends for ten
 * minutes, so that merges take part. On a machine that others use, compare the processor time of a run, not the rates.
 */
import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { RawOptions, RawResult } from "./ingest-raw.ts";
import type { LoadOptions } from "./load.ts";
import {
  inChild,
  type Ingested,
  type Measured,
  measureIngest,
  memoryFolder,
  queryHeavily,
  startSidecar,
} from "./measured-sidecar.ts";

const { values } = parseArgs({
  options: {
    forms: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    seconds: { type: "string", default: "20" },
    connections: { type: "string", default: "16" },
    "runs-per-request": { type: "string", default: "20" },
    "run-bytes": { type: "string", default: "2000" },
  },
});
const base = {
  seconds: values.long ? 600 : Number(values.seconds),
  connections: Number(values.connections),
  runsPerRequest: Number(values["runs-per-request"]),
  runBytes: Number(values["run-bytes"]),
};

async function measure(
  load: Partial<LoadOptions> = {},
  beside: (sidecar: Measured) => () => Promise<void> = () => () => Promise.resolve(),
  sidecarOptions: Parameters<typeof startSidecar>[0] = {},
): Promise<Ingested> {
  const sidecar = await startSidecar(sidecarOptions);
  try {
    const end = beside(sidecar);
    const result = await measureIngest(sidecar, { ...base, ...load });
    await end();
    return result;
  } finally {
    await sidecar.stop();
  }
}

const perSecond = ({ runsAcknowledged, seconds }: Ingested) => runsAcknowledged / seconds;

function printLine(name: string, result: Ingested) {
  const { latencyMsP50, latencyMsP99, cpuUsPerRun, loadCpuUsPerRun, bytesPerRun } = result;
  const figures = [
    bytesPerRun,
    perSecond(result),
    result.storedWhileLoaded / result.seconds,
    latencyMsP50,
    latencyMsP99,
    cpuUsPerRun,
    loadCpuUsPerRun,
  ];
  const cells = figures.map((figure) => figure.toFixed(figure < 100 ? 1 : 0).padStart(9));
  console.log(`${name.padEnd(30)}${cells.join("")}`);
}

function printBar(name: string, figure: number, bar: string, isMet: boolean) {
  console.log(`${name.padEnd(66)}${figure.toFixed(2).padStart(8)}  ${bar.padEnd(8)} ${isMet ? "yes" : "NO"}`);
}

console.log(`${availableParallelism()} processors, load average before ${(loadavg()[0] ?? 0).toFixed(1)}`);
console.log(
  `${"".padEnd(30)}${["bytes", "acked/s", "stored/s", "p50 ms", "p99 ms", "CPU µs", "load µs"].map((head) => head.padStart(9)).join("")}`,
);
const main = await measure();
printLine("OTLP protobuf", main);
const { runsPerRequest, runBytes } = base;
const raw = await inChild<RawResult>("ingest-raw.ts", {
  runs: 40_000,
  runsPerRequest,
  runBytes,
} satisfies RawOptions);
let memory: Ingested | null = null;
if (values.forms) {
  printLine("OTLP protobuf, gzip", await measure({ form: "gzip" }));
  printLine("OTLP JSON", await measure({ form: "json" }));
  printLine("POST /v1/runs", await measure({ form: "plain" }));
  printLine("OTLP protobuf, 100 KB runs", await measure({ runBytes: 100_000, runsPerRequest: 4 }));
  printLine("beside six heavy queries", await measure({}, queryHeavily));
  if (existsSync(memoryFolder)) {
    memory = await measure({}, undefined, { spoolInMemory: true });
    printLine("spool in memory", memory);
  }
}
console.log(
  `engine alone: ${raw.runsPerSecond} runs/s, ${raw.cpuUsPerRun} µs CPU a run, ${raw.cpuUsPerRunWithoutRollups} without rollups`,
);
console.log(
  `all stored ${main.lagSeconds.toFixed(2)} s after the last acknowledgement; ${main.refusals} requests refused\n`,
);
const storedRatio = main.runsAcknowledged / (main.seconds + main.lagSeconds) / raw.runsPerSecond;
const rollupRatio = raw.cpuUsPerRun / raw.cpuUsPerRunWithoutRollups;
printBar("in tables and rollups, of the rate of the engine alone", storedRatio, "≥ 0.80", storedRatio >= 0.8);
printBar("acknowledged at saturation, p99 ms", main.latencyMsP99, "≤ 25", main.latencyMsP99 <= 25);
printBar("CPU with all rollups, of the engine's without", rollupRatio, "≤ 1.3", rollupRatio <= 1.3);
if (memory !== null) {
  const durableRatio = perSecond(main) / perSecond(memory);
  printBar("durable acknowledgements, of those from memory", durableRatio, "≥ 0.97", durableRatio >= 0.97);
}
