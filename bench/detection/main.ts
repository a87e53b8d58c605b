import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { drawPicture } from "./picture.ts";
import {
  councilRows,
  costRows,
  delayRows,
  type Effort,
  lowVolumeRows,
  pauseRows,
  quietRows,
  trivialRows,
} from "./sections.ts";
import { misses, printTable, type Row } from "./table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    long: { type: "boolean", default: false },
    data: { type: "string" },
    only: { type: "string", default: "" },
    json: { type: "string", default: "bench/results/detection.json" },
    picture: { type: "string" },
  },
});

const effort: Effort = {
  seed: Number(values.seed),
  long: values.long,
  note: (text) => process.stderr.write(`${text}\n`),
};
const data = values.data ?? process.env.EVENKEEL_BENCH_DATA ?? null;
const sections: Record<string, () => Row[]> = {
  trivial: () => trivialRows(),
  quiet: () => quietRows(effort),
  pause: () => pauseRows(effort),
  delay: () => delayRows(effort),
  low: () => lowVolumeRows(effort),
  council: () => councilRows(data, effort),
  cost: () => costRows(effort),
};
const chosen = values.only === "" ? Object.keys(sections) : values.only.split(",");
const rows = chosen.flatMap((name) => sections[name]?.() ?? []);

console.log(printTable(rows));
console.log(
  `\n${rows.filter(misses).length} of ${rows.filter(({ bar }) => bar !== null).length} bars missed`,
);
mkdirSync(dirname(values.json), { recursive: true });
const settings = { seed: effort.seed, long: effort.long, node: process.version };
writeFileSync(values.json, `${JSON.stringify({ settings, rows }, null, 2)}\n`);
if (values.picture !== undefined) writeFileSync(values.picture, drawPicture(effort));
