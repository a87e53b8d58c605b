/**
 * Two built copies of the sidecar under the same load, in turns of a few seconds: what a change does where the machine is
 * never quiet, and single figures say more about its neighbours.
 *
 *   node --import tsx bench/ingest-turns.ts --before PATH [--after PATH] [--heavy] [--minutes 5]
 *
 * PATH is the folder of a built copy, this one unless given for `--after`. `--heavy` sends beside six clients that search.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  type Ingested,
  type Measured,
  measureIngest,
  queryHeavily,
  startSidecar,
} from "./measured-sidecar.ts";

const { values } = parseArgs({
  options: {
    before: { type: "string" },
    after: { type: "string", default: fileURLToPath(new URL("..", import.meta.url)) },
    heavy: { type: "boolean", default: false },
    minutes: { type: "string", default: "5" },
  },
});
if (values.before === undefined) throw new Error("Cannot compare: '--before' must name a built copy");

const turnSeconds = 3;
const figures = {
  "acknowledged/s": (result: Ingested) => result.runsAcknowledged / result.seconds,
  "stored/s": (result: Ingested) => result.runsAcknowledged / (result.seconds + result.lagSeconds),
  "p50 ms": (result: Ingested) => result.latencyMsP50,
  "p99 ms": (result: Ingested) => result.latencyMsP99,
};

async function takeTurn(sidecar: Measured, warmSeconds = 0): Promise<Ingested> {
  const end = values.heavy ? queryHeavily(sidecar) : () => Promise.resolve();
  const result = await measureIngest(sidecar, { seconds: turnSeconds }, warmSeconds);
  await end();
  return result;
}

/** Pairs of turns, each begun by the other copy than the last. */
async function compare(before: Measured, after: Measured): Promise<[Ingested, Ingested][]> {
  for (const sidecar of [before, after]) await takeTurn(sidecar, turnSeconds);
  const pairs: [Ingested, Ingested][] = [];
  const endMs = performance.now() + Number(values.minutes) * 60_000;
  while (performance.now() < endMs) {
    if (pairs.length % 2 === 0) pairs.push([await takeTurn(before), await takeTurn(after)]);
    else {
      const first = await takeTurn(after);
      pairs.push([await takeTurn(before), first]);
    }
  }
  return pairs;
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Geometric mean of the ratios, and where 95 % of such means lie. */
function ratioOf(pairs: readonly [number, number][]): string {
  const logs = pairs.map(([before, after]) => Math.log(after / before));
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const margin = 1.96 * Math.sqrt(variance / logs.length);
  return [mean, mean - margin, mean + margin].map((log) => Math.exp(log).toFixed(2).padStart(9)).join("");
}

console.log(`load average before ${(loadavg()[0] ?? 0).toFixed(1)}`);
const before = await startSidecar({ folder: values.before });
const after = await startSidecar({ folder: values.after });
const pairs = await compare(before, after).finally(() => Promise.all([before.stop(), after.stop()]));
console.log(`${pairs.length} pairs of turns, load average after ${(loadavg()[0] ?? 0).toFixed(1)}`);
console.log(
  `${"".padEnd(16)}${["before", "after", "ratio", "from", "to"].map((head) => head.padStart(9)).join("")}`,
);
for (const [name, figure] of Object.entries(figures)) {
  const read = pairs.map(([a, b]) => [figure(a), figure(b)] as [number, number]);
  const medians = [0, 1].map((side) =>
    median(read.map((pair) => pair[side] ?? 0))
      .toFixed(0)
      .padStart(9),
  );
  console.log(`${name.padEnd(16)}${medians.join("")}${ratioOf(read)}`);
}
