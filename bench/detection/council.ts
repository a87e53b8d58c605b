import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { dayMs, hourMs } from "../../src/model/clock.ts";
import { explain } from "../../src/detectors/explain.ts";
import { replay, type VerdictChange } from "../../src/detectors/replay.ts";
import type { SignalBucket } from "../../src/model/signal.ts";
import { parseCsv } from "./csv.ts";

/** Councils whose invoices are replayed. */
export const councils = ["harrogate", "london", "darlington"];

/** One council: header changes found, and alarms that no label explains. */
export interface CouncilResult {
  council: string;
  runs: number;
  signalDays: number;
  labelled: number;
  /** Labelled changes by when they were noticed: in the first changed hour, on the first changed day, or later. */
  foundFirstHour: number;
  foundFirstDay: number;
  foundLater: number;
  /** Alarms near an unlabelled jump of a file's null rate of ten points or more. */
  softAlarms: number;
  falseAlarms: number;
  sentences: string[];
}

interface Labels {
  fields: string[];
  schema_events: { run_index: number; field: string; file: string }[];
  per_file: { file: string; start: number; n: number; null: Record<string, number> }[];
}

/** Replays one council's invoice lines as an extraction workflow, at default settings, null rates only. */
export function replayCouncil(folder: string, council: string): CouncilResult {
  const text = gunzipSync(readFileSync(join(folder, `${council}.csv.gz`))).toString("utf8");
  const labels = JSON.parse(readFileSync(join(folder, `${council}.labels.json`), "utf8")) as Labels;
  const rows = parseCsv(text);
  const times = timesOf(rows, labels);
  const buckets = bucketsOf(rows, labels.fields, times);
  const changes: VerdictChange[] = [];
  const options = { bucketMs: hourMs, sweepMs: hourMs, acceptAfterMs: 28 * dayMs };
  for (const progress of replay(buckets, options)) changes.push(...progress.changes);
  const days = new Set(times.map((atMs) => Math.floor(atMs / dayMs))).size;
  return score(council, labels, rows.length, days * labels.fields.length, times, changes);
}

/** Every file has its days; a row lies on its payment date where that fits, and keeps to its file else. */
function timesOf(rows: readonly Record<string, string>[], { per_file }: Labels): number[] {
  const times = new Array<number>(rows.length).fill(0);
  let freeMs = 0;
  for (const { file, start, n } of per_file) {
    const dates = rows
      .slice(start, start + n)
      .map((row) => Date.parse(row._date ?? ""))
      .filter((atMs) => !Number.isNaN(atMs))
      .sort((a, b) => a - b);
    const month = Date.parse(`${file.slice(0, 7)}-01`);
    const at = (share: number): number =>
      dates[Math.floor(share * (dates.length - 1))] ?? month + share * 27 * dayMs;
    const fromMs = Math.max(freeMs, Math.floor(at(0.05) / dayMs) * dayMs);
    const toMs = Math.max(fromMs, Math.floor(at(0.95) / dayMs) * dayMs);
    const placed = Array.from({ length: n }, (_, offset) => {
      const own = Date.parse(rows[start + offset]?._date ?? "");
      const spread = fromMs + Math.floor(((offset / n) * (toMs - fromMs)) / dayMs) * dayMs;
      return {
        row: start + offset,
        dayMs: Number.isNaN(own) ? spread : Math.min(toMs, Math.max(fromMs, own)),
      };
    }).sort((a, b) => a.dayMs - b.dayMs || a.row - b.row);
    spreadOverHours(placed, times);
    freeMs = toMs + dayMs;
  }
  return times;
}

/** The rows of one day lie evenly between nine and five. */
function spreadOverHours(placed: readonly { row: number; dayMs: number }[], times: number[]): void {
  const perDay = new Map<number, number[]>();
  for (const { row, dayMs: atMs } of placed) perDay.set(atMs, [...(perDay.get(atMs) ?? []), row]);
  for (const [atMs, own] of perDay) {
    for (const [rank, row] of own.entries()) times[row] = atMs + (9 + (8 * rank) / own.length) * hourMs;
  }
}

function bucketsOf(
  rows: readonly Record<string, string>[],
  fields: readonly string[],
  times: readonly number[],
): SignalBucket[] {
  const buckets = new Map<string, SignalBucket>();
  for (const [at, row] of rows.entries()) {
    const startMs = Math.floor((times[at] ?? 0) / hourMs) * hourMs;
    for (const field of fields) {
      const key = `${startMs} ${field}`;
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = { workflow: "invoices", kind: "null_rate", field: `output.${field}`, startMs, counts: {} };
        buckets.set(key, bucket);
      }
      const bin = (row[field] ?? "").trim() === "" ? "empty" : "value";
      bucket.counts[bin] = (bucket.counts[bin] ?? 0) + 1;
    }
  }
  return [...buckets.values()];
}

function score(
  council: string,
  labels: Labels,
  runs: number,
  signalDays: number,
  times: readonly number[],
  changes: readonly VerdictChange[],
): CouncilResult {
  const result: CouncilResult = {
    council,
    runs,
    signalDays,
    labelled: 0,
    foundFirstHour: 0,
    foundFirstDay: 0,
    foundLater: 0,
    softAlarms: 0,
    falseAlarms: 0,
    sentences: [],
  };
  const explained = new Set<VerdictChange>();
  const startOf = new Map(
    labels.per_file.map(({ file, start, n }) => [file, [start, start + n - 1] as const]),
  );
  for (const { field, file } of labels.schema_events) {
    const [first = 0, last = 0] = startOf.get(file) ?? [];
    const [fromMs, toMs] = [times.slice(first, last + 1).reduce((a, b) => Math.min(a, b)), times[last] ?? 0];
    result.labelled += 1;
    const near = changes.filter(
      ({ signal, atMs }) => signal.field === `output.${field}` && atMs >= fromMs && atMs <= toMs + 45 * dayMs,
    );
    const hit = near[0];
    if (hit === undefined) result.sentences.push(`missed ${field} in ${file}`);
    else if (Math.floor((hit.atMs - 1) / dayMs) === Math.floor(fromMs / dayMs)) {
      result.foundFirstDay += 1;
      if (hit.atMs <= (Math.floor(fromMs / hourMs) + 1) * hourMs) result.foundFirstHour += 1;
    } else {
      result.foundLater += 1;
      result.sentences.push(`late ${field} in ${file}: ${((hit.atMs - fromMs) / dayMs).toFixed(1)} days`);
    }
    for (const change of near) explained.add(change);
  }
  for (const change of changes) {
    if (explained.has(change) || change.change === "recovered") continue;
    if (isJump(labels, change, times)) result.softAlarms += 1;
    else {
      result.falseAlarms += 1;
      result.sentences.push(`false ${new Date(change.atMs).toISOString().slice(0, 10)} ${explain(change)}`);
    }
  }
  return result;
}

/** True if the null rate of the files around an alarm really moved by ten points against the six before. */
function isJump({ per_file }: Labels, { signal, atMs }: VerdictChange, times: readonly number[]): boolean {
  const field = signal.field.slice("output.".length);
  const at = per_file.findIndex(({ start, n }) => (times[start + n - 1] ?? 0) >= atMs - dayMs);
  const rate = (index: number): number => per_file[index]?.null[field] ?? 0;
  const before = [1, 2, 3, 4, 5, 6].map((back) => rate(at - back));
  const usual = before.reduce((a, b) => a + b, 0) / before.length;
  return [at - 1, at, at + 1].some((index) => Math.abs(rate(index) - usual) >= 0.1);
}
