import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { minuteMs } from "../../src/model/clock.ts";
import { type Checkpoint, fingerprint, openCheckpoint } from "./checkpoint.ts";
import { drawPicture } from "./picture.ts";
import { runOrders } from "./schedule.ts";
import type { Section, Settings } from "./section.ts";
import { sections } from "./sections.ts";
import { printSummary, printTable, type Row, statusOf } from "./table.ts";

const help = `npm run bench:detection -- [options]

  --long           about an hour instead of minutes
  --seed N         seeds N, N + 1, … (1); choose your own for a fresh test
  --only A,B       some sections: ${sections.map(({ name }) => name).join(", ")}
  --data DIR       folder with the real streams council_spend, tickets_banking77, nab and tcpd (EVENKEEL_BENCH_DATA)
  --python FILE    a Python that has bench/peers/requirements.txt (EVENKEEL_BENCH_PYTHON)
  --workers N      processes at a time (one for each core, two at most)
  --minutes N      begins no more work after so long, and prints what is known by then
  --resume         goes on where a run with the same options was stopped
  --json FILE      where the rows go (bench/results/detection.json); results of each piece go beside it
  --picture FILE   draws docs/detection.svg as well
`;
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    long: { type: "boolean", default: false },
    data: { type: "string" },
    python: { type: "string" },
    only: { type: "string", default: "" },
    workers: { type: "string", default: String(Math.min(2, availableParallelism())) },
    minutes: { type: "string" },
    resume: { type: "boolean", default: false },
    json: { type: "string", default: "bench/results/detection.json" },
    picture: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const note = (text: string): void => void process.stderr.write(`${text}\n`);

if (values.help) console.log(help);
else await main();

async function main(): Promise<void> {
  const settings: Settings = {
    seed: wholeNumber("seed", values.seed),
    long: values.long,
    data: values.data ?? process.env.EVENKEEL_BENCH_DATA ?? null,
    python: values.python ?? process.env.EVENKEEL_BENCH_PYTHON ?? null,
  };
  const sources = fingerprint();
  const checkpoint = openCheckpoint(
    values.json.replace(/(\.json)?$/, ".units.jsonl"),
    sources,
    values.resume,
  );
  const workers = wholeNumber("workers", values.workers);
  const minutes = values.minutes === undefined ? Infinity : wholeNumber("minutes", values.minutes);
  const untilMs = performance.now() + minutes * minuteMs;
  const rows: Row[] = [];
  for (const section of chosenSections()) {
    const own = await runSection(section, settings, { workers, untilMs }, checkpoint);
    note(`${printTable(own)}\n`);
    rows.push(...own);
    writeRows(rows, settings, sources);
  }
  console.log(printTable(rows));
  console.log(`\n${printSummary(rows)}. Seeds from ${settings.seed}, detectors and benchmark ${sources}`);
  if (values.picture === undefined) return;
  writeFileSync(values.picture, drawPicture(settings, note));
}

async function runSection(
  section: Section<unknown, unknown>,
  settings: Settings,
  limits: { workers: number; untilMs: number },
  checkpoint: Checkpoint,
): Promise<Row[]> {
  const orders = section.units(settings).map((unit) => ({ section: section.name, unit }));
  const startedMs = performance.now();
  const done = orders.flatMap((order) => {
    const known = checkpoint.known(order);
    return known === null ? [] : [{ unit: order.unit, result: known.result }];
  });
  const missing = orders.filter((order) => checkpoint.known(order) === null);
  await runOrders(missing, limits, (order, result) => {
    checkpoint.keep(order, result);
    done.push({ unit: order.unit, result });
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    note(`${section.name} ${done.length}/${orders.length}, ${seconds} s: ${JSON.stringify(order.unit)}`);
  });
  return section.rows(done, settings);
}

function chosenSections(): readonly Section<unknown, unknown>[] {
  if (values.only === "") return sections;
  return values.only.split(",").map((name) => {
    const section = sections.find((one) => one.name === name);
    if (section !== undefined) return section;
    const names = sections.map((one) => one.name).join(", ");
    throw new RangeError(`Cannot run section: '--only' must name some of ${names}, got '${name}'`);
  });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`Cannot run the benchmark: '--${name}' must be a positive integer, got '${text}'`);
}

/** Rows so far, as JSON: a figure that has no number is a word. */
function writeRows(rows: readonly Row[], settings: Settings, sources: string): void {
  const { seed, long } = settings;
  const plain = rows.map((row) => ({
    ...row,
    figure: row.figure === null ? "not measured" : Number.isFinite(row.figure) ? row.figure : "never",
    status: statusOf(row),
  }));
  const text = JSON.stringify(
    { settings: { seed, long, node: process.version, sources }, rows: plain },
    null,
    2,
  );
  writeFileSync(values.json, `${text}\n`);
}
