/**
 * Two built copies of the sidecar under the same load, in turns of a few seconds: what a change does where the machine is
 * never quiet, and single figures say more about its neighbours.
 *
 *   node --import tsx bench/ingest-turns.ts [--before PATH] [--after PATH] [--memory] [--heavy] [--minutes 5]
 *
 * PATH is the folder of a built copy, this one unless given. `--memory` keeps the first one's spool in memory, which tells
 * what the disk costs; `--heavy` sends beside six clients that search.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Ingested, queryHeavily, startSidecar } from "./measured-sidecar.ts";
import { acknowledgedPerSecond, ratioOf, takeTurns } from "./turns.ts";

const own = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    before: { type: "string", default: own },
    after: { type: "string", default: own },
    memory: { type: "boolean", default: false },
    heavy: { type: "boolean", default: false },
    minutes: { type: "string", default: "5" },
  },
});
if (values.before === values.after && !values.memory)
  throw new Error("Cannot compare: '--before' must name another built copy, or '--memory' be given");

const figures = {
  "acknowledged/s": acknowledgedPerSecond,
  "stored/s": (result: Ingested) => result.runsAcknowledged / (result.seconds + result.lagSeconds),
  "p50 ms": (result: Ingested) => result.latencyMsP50,
  "p99 ms": (result: Ingested) => result.latencyMsP99,
  "CPU µs a run": (result: Ingested) => result.cpuUsPerRun,
};

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

console.log(`load average before ${(loadavg()[0] ?? 0).toFixed(1)}`);
const before = await startSidecar({ folder: values.before, spoolInMemory: values.memory });
const after = await startSidecar({ folder: values.after });
const beside = values.heavy ? queryHeavily : undefined;
const pairs = await takeTurns(before, after, Number(values.minutes), beside).finally(() =>
  Promise.all([before.stop(), after.stop()]),
);
console.log(`${pairs.length} pairs of turns, load average after ${(loadavg()[0] ?? 0).toFixed(1)}`);
console.log(
  `${"".padEnd(16)}${["before", "after", "ratio", "from", "to"].map((head) => head.padStart(9)).join("")}`,
);
for (const [name, figure] of Object.entries(figures)) {
  const medians = [0, 1].map((side) => median(pairs.map((pair) => figure(pair[side as 0 | 1]))).toFixed(0));
  const { ratio, from, to } = ratioOf(pairs, figure);
  const ratios = [ratio, from, to].map((number) => number.toFixed(2));
  console.log(`${name.padEnd(16)}${[...medians, ...ratios].map((cell) => cell.padStart(9)).join("")}`);
}
