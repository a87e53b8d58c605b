import { ListedBucket } from "../model/listed-bucket.ts";
import { deriveMissing, type SignalBucket, type SignalKind } from "../model/signal.ts";
import type { Engine } from "./engine.ts";
import type { BucketQuery } from "./port.ts";

/** One signal in one minute. */
type MinuteRow = [
  second: number,
  workflow: string,
  kind: SignalKind,
  field: string,
  words: string[],
  wordCounts: number[],
  numbers: number[],
  numberCounts: number[],
];

// The table's own order sums the bins of a minute (`FINAL`): half the work of grouping by them first. What is left apart
// are versions. Number bins come as numbers, which are read much faster than as many texts.
const statement = `
  SELECT toUInt32(minute) AS second, workflow, kind, field,
    groupArrayIf(bin, NOT startsWith(bin, '#')) AS words,
    groupArrayIf(toFloat64(n), NOT startsWith(bin, '#')) AS wordCounts,
    groupArrayIf(toUInt32OrZero(substring(bin, 2)), startsWith(bin, '#')) AS numbers,
    groupArrayIf(toFloat64(n), startsWith(bin, '#')) AS numberCounts
  FROM rollups FINAL
  WHERE minute >= {from:UInt32} AND minute < {to:UInt32}
  GROUP BY second, workflow, kind, field
  ORDER BY second, workflow, kind, field`;

/** Reads every signal bucket of some minutes, by workflow, oldest first, `missing` derived. */
export async function readMinutes(
  engine: Engine,
  { fromMs, toMs, known }: Pick<BucketQuery, "fromMs" | "toMs" | "known">,
): Promise<Map<string, SignalBucket[]>> {
  const params = { from: Math.ceil(fromMs / 1000), to: Math.ceil(toMs / 1000) };
  const rows = await engine.select<MinuteRow>("sweep", statement, params, "JSONCompact");
  const byWorkflow = new Map<string, SignalBucket[]>();
  for (const group of groups(rows)) {
    const workflow = group[0]?.workflow ?? "";
    const complete = deriveMissing(group, known?.get(workflow));
    const before = byWorkflow.get(workflow);
    if (before === undefined) byWorkflow.set(workflow, complete);
    else before.push(...complete);
  }
  return byWorkflow;
}

/** The buckets of each minute and workflow, which lie together. */
function* groups(rows: readonly MinuteRow[]): Generator<SignalBucket[], void> {
  let group: SignalBucket[] = [];
  for (const [second, workflow, kind, field, words, wordCounts, numbers, numberCounts] of rows) {
    const startMs = second * 1000;
    const last = group.at(-1);
    if (last !== undefined && (last.startMs !== startMs || last.workflow !== workflow)) {
      yield group;
      group = [];
    }
    const listed = { words, wordCounts, numbers, numberCounts };
    group.push(new ListedBucket({ workflow, kind, field }, startMs, listed));
  }
  if (group.length > 0) yield group;
}
