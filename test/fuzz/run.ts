import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fuzz } from "./fuzz.ts";

// `npm run test:fuzz [-- COUNT [SEED]]`: feeds COUNT inputs and prints a table. Ends with 1 if any broke a promise.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const count = Number(process.argv[2] ?? 1_000_000);
const from = Number(process.argv[3] ?? 1_000_000);
const heapMiB: number[] = [];
const startMs = performance.now();

const findings = await fuzz({ from, to: from + count }, (seed) => {
  if ((seed - from + 1) % Math.ceil(count / 10) !== 0) return;
  collect();
  heapMiB.push(process.memoryUsage().heapUsed / 2 ** 20);
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${seed - from + 1} inputs, ${seconds.toFixed(0)} s, heap ${heapMiB.at(-1)?.toFixed(0)} MiB`);
});
for (const { target, seed, what } of findings) console.log(`${target}, seed ${seed}: ${what}`);

const grownMiB = (heapMiB.at(-1) ?? 0) - (heapMiB[Math.floor(heapMiB.length / 2)] ?? 0);
console.log("| promise | bar | measured |\n| --- | --- | --- |");
console.log(
  `| crashes, hangs over 1 s, good runs lost, secrets shown | 0 | ${findings.length} of ${count} |`,
);
console.log(`| growth of the heap over the second half | 20 MiB | ${grownMiB.toFixed(1)} MiB |`);
process.exit(findings.length > 0 || grownMiB > 20 ? 1 : 0);
