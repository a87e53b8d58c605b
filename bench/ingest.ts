/**
 * How fast runs go in: the built sidecar with default settings, a load generator on the same machine, everything on.
 *
 *   npm run bench:ingest [-- --forms --long --seconds 20 --connections 16 --runs-per-request 20 --run-bytes 2000]
 *
 * A second sidecar then gets ever more connections: each sends its next request when the last was answered, so beyond the
 * fewest that keep it busy (`saturation.ts`) more of them only wait longer.
 *
 * For comparison, the embedded engine alone then takes the same rows, decoded beforehand, from memory (`ingest-raw.ts`). `--forms` also
 * sends in every other form, runs of 100 KB, with the spool in memory, and beside heavy queries. `--long` sends for ten
 * minutes, so that merges take part. On a machine that others use, compare the processor time of a run, not the rates.
 */
import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { RawOptions, RawResult } from "./ingest-raw.ts";
import type { LoadOptions } from "./load.ts";
import { type CurvePoint, curveConnections, saturationOf } from "./saturation.ts";
import { acknowledgedPerSecond, ratioOf, takeTurns } from "./turns.ts";
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
const curveSeconds = 8;
const comparisonMinutes = 2;
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

/** Each more than the last in flight, in one life of a sidecar. */
async function measureCurve(): Promise<CurvePoint[]> {
  const sidecar = await startSidecar();
  const curve: CurvePoint[] = [];
  try {
    for (const connections of curveConnections) {
      const load = { ...base, seconds: curveSeconds, connections };
      const result = await measureIngest(sidecar, load, curve.length === 0 ? undefined : 0);
      printLine(`${connections} connections`, result);
      curve.push({ ...result, connections, runsPerSecond: acknowledgedPerSecond(result) });
    }
  } finally {
    await sidecar.stop();
  }
  return curve;
}

/** A single run of each says more about the moment than about the disk. */
async function compareWithMemory() {
  const inMemory = await startSidecar({ spoolInMemory: true });
  const onDisk = await startSidecar();
  const pairs = await takeTurns(inMemory, onDisk, comparisonMinutes).finally(() =>
    Promise.all([inMemory.stop(), onDisk.stop()]),
  );
  return ratioOf(pairs, acknowledgedPerSecond);
}

function printLine(name: string, result: Ingested) {
  const { latencyMsP50, latencyMsP99, cpuUsPerRun, loadCpuUsPerRun, bytesPerRun } = result;
  const figures = [
    bytesPerRun,
    acknowledgedPerSecond(result),
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

function printFigure(name: string, figure: number) {
  console.log(`${name.padEnd(66)}${figure.toFixed(2).padStart(8)}`);
}

console.log(`${availableParallelism()} processors, load average before ${(loadavg()[0] ?? 0).toFixed(1)}`);
console.log(
  `${"".padEnd(30)}${["bytes", "acked/s", "stored/s", "p50 ms", "p99 ms", "CPU µs", "load µs"].map((head) => head.padStart(9)).join("")}`,
);
const main = await measure();
printLine("OTLP protobuf", main);
const saturation = saturationOf(await measureCurve());
const { runsPerRequest, runBytes } = base;
const raw = await inChild<RawResult>("ingest-raw.ts", {
  runs: 90_000,
  runsPerRequest,
  runBytes,
} satisfies RawOptions);
if (values.forms) {
  printLine("OTLP protobuf, gzip", await measure({ form: "gzip" }));
  printLine("OTLP JSON", await measure({ form: "json" }));
  printLine("POST /v1/runs", await measure({ form: "plain" }));
  printLine("OTLP protobuf, 100 KB runs", await measure({ runBytes: 100_000, runsPerRequest: 4 }));
  printLine("beside six heavy queries", await measure({}, queryHeavily));
  if (existsSync(memoryFolder))
    printLine("spool in memory", await measure({}, undefined, { spoolInMemory: true }));
}
console.log(
  `engine alone: ${raw.runsPerSecond} runs/s, ${raw.cpuUsPerRun} µs CPU a run, ${raw.cpuUsPerRunWithoutRollups} without rollups; by the sidecar's road ${raw.ownRunsPerSecond} runs/s, ${raw.ownCpuUsPerRun} µs, ${raw.ownCpuUsPerRunWithoutRollups} without`,
);
console.log(
  `all stored ${main.lagSeconds.toFixed(2)} s after the last acknowledgement; ${main.refusals} requests refused\n`,
);
const storedPerSecond = main.runsAcknowledged / (main.seconds + main.lagSeconds);
const storedRatio = storedPerSecond / raw.runsPerSecond;
const rollupRatio = raw.ownCpuUsPerRun / raw.ownCpuUsPerRunWithoutRollups;
printBar(
  "in tables and rollups, of the rate of the engine's insert call",
  storedRatio,
  "≥ 0.80",
  storedRatio >= 0.8,
);
printFigure("the same, of its rate by the sidecar's road", storedPerSecond / raw.ownRunsPerSecond);
const { connections, latencyMsP99 } = saturation;
printBar(
  `acknowledged at saturation (${connections} connections), p99 ms`,
  latencyMsP99,
  "≤ 25",
  latencyMsP99 <= 25,
);
printFigure(`the same with ${base.connections} connections`, main.latencyMsP99);
printBar("CPU with all rollups, of the engine's without", rollupRatio, "≤ 1.3", rollupRatio <= 1.3);
printFigure("the same by its insert call", raw.cpuUsPerRun / raw.cpuUsPerRunWithoutRollups);
if (values.forms && existsSync(memoryFolder)) {
  const { ratio } = await compareWithMemory();
  printBar("durable acknowledgements, of those from memory, in turns", ratio, "≥ 0.97", ratio >= 0.97);
}
