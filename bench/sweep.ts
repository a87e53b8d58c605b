/**
 * What a detection sweep costs: 100 workflows with 200 signals each, one closed minute, at four rates of runs. At the lowest
 * most workflows have no run in the minute; at the others every signal is seen in it. A sweep reads counts by bin and never
 * runs, so that its cost ends to grow once every bin is there. It runs with the room for young objects that `bin/evenkeel`
 * asks for.
 *
 *   npm run bench:sweep [-- --workflows 100 --minutes 5]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { encodeRow } from "../src/collector/row-json.ts";
import { learnBaseline } from "../src/detectors/learn.ts";
import { startState } from "../src/detectors/state.ts";
import { step } from "../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../src/model/signal.ts";
import { openChdbStore } from "../src/store/chdb-store.ts";
import type { Store } from "../src/store/port.ts";
import { createRandom } from "./real-words.ts";

const { values } = parseArgs({
  options: { workflows: { type: "string", default: "100" }, minutes: { type: "string", default: "5" } },
});
const workflows = Number(values.workflows);
const minutes = Number(values.minutes);
const fromMs = Date.UTC(2026, 10, 2);
const random = createRandom(7);
const uniform = () => (random() + 0.5) / 2 ** 32;

interface Signal {
  kind: SignalKind;
  field: string;
  bin: () => string;
}

const value = () => (uniform() < 0.02 ? "null" : "value");
const category = () => `=category-${Math.floor(uniform() ** 2 * 8)}`;
const amount = () =>
  numberBin(100 * Math.exp(0.5 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(6.283 * uniform()))) ?? "#0";

/** 200 signals: 66 fields (a third of them categories, the others numbers) with three each, volume and errors. */
const signals: Signal[] = [
  { kind: "volume", field: "", bin: () => "run" },
  { kind: "errors", field: "", bin: () => (uniform() < 0.01 ? "yes" : "no") },
  ...Array.from({ length: 66 }, (_, n) => `output.field_${n}`).flatMap((field, n): Signal[] => [
    { kind: "null_rate", field, bin: value },
    { kind: "type", field, bin: () => (n % 3 === 0 ? "string" : "number") },
    { kind: "output_distribution", field, bin: n % 3 === 0 ? category : amount },
  ]),
];

function countRuns(workflow: string, startMs: number, runs: number): SignalBucket[] {
  return signals.map(({ kind, field, bin }) => {
    const counts: Record<string, number> = {};
    for (let run = 0; run < runs; run++) {
      const name = bin();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return { workflow, kind, field, startMs, counts };
  });
}

/** Where a workflow has less than one run a minute, they are spread evenly over workflows and minutes. */
async function insertMinute(store: Store, minuteStartMs: number, runsPerMinute: number): Promise<number> {
  const lines: string[] = [];
  for (let n = 0; n < workflows; n++) {
    const before = ((minuteStartMs - fromMs) / minuteMs) * workflows + n;
    const runs = Math.floor(runsPerMinute * (before + 1)) - Math.floor(runsPerMinute * before);
    if (runs === 0) continue;
    for (const { workflow, kind, field, counts } of countRuns(`workflow-${n}`, minuteStartMs, runs)) {
      for (const [bin, count] of Object.entries(counts)) {
        const key = { minute: minuteStartMs / 1000, workflow, version: "v1", kind, field, bin };
        lines.push(encodeRow({ ...key, n: count }));
      }
    }
  }
  if (lines.length > 0) await store.insert("rollups", Buffer.from(lines.join("")), `${minuteStartMs}`);
  return lines.length;
}

const history = Array.from({ length: 48 }, (_, hour) =>
  countRuns("w", fromMs - 2 * dayMs + hour * hourMs, 60),
);
const learned = learnBaseline(history.flat(), { bucketMs: hourMs, toMs: fromMs });

/** A baseline for each workflow, kept from sweep to sweep as the watch keeps it. */
const baselines = new Map(
  Array.from({ length: workflows }, (_, n) => [`workflow-${n}`, { ...learned, workflow: `workflow-${n}` }]),
);

interface Cost {
  readMs: number;
  stepMs: number;
  cpuMs: number;
}

async function sweepMinute(store: Store, states: Map<string, ReturnType<typeof startState>>, atMs: number) {
  const toMs = atMs + minuteMs;
  const before = process.cpuUsage();
  const startMs = performance.now();
  const minute = await store.readMinutes({ fromMs: atMs, toMs });
  const readMs = performance.now() - startMs;
  let verdicts = 0;
  for (const [workflow, baseline] of baselines) {
    const state = states.get(workflow) ?? startState(baseline, fromMs);
    const judged = step(baseline, state, minute.get(workflow) ?? [], { throughMs: toMs });
    states.set(workflow, judged.state);
    verdicts += judged.verdicts.length;
  }
  const { user, system } = process.cpuUsage(before);
  const cost: Cost = {
    readMs,
    stepMs: performance.now() - startMs - readMs,
    cpuMs: (user + system) / 1000,
  };
  return { cost, verdicts };
}

/** The median of the sweeps, the first of which warms up. */
async function measure(runsPerMinute: number): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "evenkeel-sweep-"));
  const store = openChdbStore({ path, log: pino({ level: "silent" }) });
  await store.migrate();
  const states = new Map<string, ReturnType<typeof startState>>();
  const costs: Cost[] = [];
  let rows = 0;
  let judged = 0;
  for (let minute = 0; minute <= minutes; minute++) {
    const atMs = fromMs + minute * minuteMs;
    rows = await insertMinute(store, atMs, runsPerMinute);
    const { cost, verdicts } = await sweepMinute(store, states, atMs);
    judged = verdicts;
    if (minute > 0) costs.push(cost);
  }
  await store.close();
  rmSync(path, { recursive: true });
  const median = (part: keyof Cost) => {
    const sorted = costs.map((cost) => cost[part]).sort((a, b) => a - b);
    return (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(0).padStart(6);
  };
  const runsADay = (runsPerMinute * workflows * 1440).toLocaleString("en").padStart(12);
  const counted = `${String(rows).padStart(8)} rows, ${judged} verdicts`;
  console.log(`${runsADay} ${counted}  ${median("readMs")} ${median("stepMs")} ${median("cpuMs")}`);
}

console.log(
  `load average ${(loadavg()[0] ?? 0).toFixed(1)}; baseline of ${learned.signals.length} signals a workflow`,
);
console.log(
  "  runs a day; read of one minute             read ms, detect ms, CPU ms (bars: 100, 400, 500; the same at every rate)",
);
for (const runsPerMinute of [1 / 144, 1, 7, 70]) await measure(runsPerMinute);
