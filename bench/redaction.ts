import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { createRedactor } from "../src/collector/redact.ts";
import type { Json, JsonObject } from "../src/model/json.ts";

/**
 * False redactions on real records: every field that the redactor changes, by what it took it for. None of these records holds
 * a secret; what is changed is either personal data after all (a phone number on a receipt) or a mistake.
 *
 *   node --import tsx bench/redaction.ts DIR      DIR holds council_spend/, tickets_banking77/ and receipts_sroie/
 */
const [dir] = process.argv.slice(2);
if (dir === undefined) throw new RangeError("Cannot measure: name the folder of the records");
const redactor = createRedactor({ key: "bench" });

/** Fields seen and changed, and samples of each kind of change. */
interface Tally {
  fields: number;
  changed: Map<string, string[]>;
}

function count(tally: Tally, value: Json, path: string): void {
  if (Array.isArray(value)) for (const item of value) count(tally, item, path);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value))
      count(tally, member, path === "" ? name : `${path}.${name}`);
  else {
    tally.fields += 1;
    const [form] = /\[[a-z_]+:[0-9a-f]{8}\]/.exec(String(value)) ?? [];
    if (form === undefined) return;
    const kind = `${form.slice(1, form.indexOf(":"))} in ${path}`;
    const samples = tally.changed.get(kind) ?? [];
    samples.push(String(value));
    tally.changed.set(kind, samples);
  }
}

function measure(name: string, records: Iterable<JsonObject>): void {
  const tally: Tally = { fields: 0, changed: new Map() };
  for (const record of records) count(tally, redactor.value(record, "input").value, "");
  const changed = [...tally.changed.values()].reduce((sum, { length }) => sum + length, 0);
  const share = ((100 * changed) / tally.fields).toFixed(5);
  console.log(`${name}: ${changed} of ${tally.fields} fields changed, ${share} % (bar: 0.1 %)`);
  for (const [kind, samples] of tally.changed) console.log(`  ${samples.length} × ${kind}`);
}

function* csv(path: string): Generator<JsonObject> {
  const bytes = readFileSync(path);
  const text = path.endsWith(".gz") ? gunzipSync(bytes) : bytes;
  yield* parse<JsonObject>(text, {
    columns: true,
    relax_column_count: true,
    relax_quotes: true,
    bom: true,
  });
}

for (const file of readdirSync(join(dir, "council_spend")).filter((name) => name.endsWith(".csv.gz")))
  measure(`council_spend/${file}`, csv(join(dir, "council_spend", file)));
for (const file of ["train.csv", "test.csv"])
  measure(`tickets_banking77/${file}`, csv(join(dir, "tickets_banking77", file)));
const receipts = gunzipSync(readFileSync(join(dir, "receipts_sroie", "sroie_dev.jsonl.gz")))
  .toString()
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as { text: string; fields: JsonObject });
measure(
  "receipts_sroie, the four fields",
  receipts.map(({ fields }) => fields),
);
measure(
  "receipts_sroie, lines of text",
  receipts.map(({ text }) => ({ line: text.split("\n") })),
);
