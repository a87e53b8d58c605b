import { createContractCheck } from "../collector/contract.ts";
import type { FieldCatalogue } from "../collector/field-catalogue.ts";
import { mapPlainRun } from "../collector/map-plain.ts";
import { type ObserveContext, observeRun, observeStep } from "../collector/observe.ts";
import { createWordLists } from "../collector/observe-value.ts";
import { faultOf, runSchema } from "../collector/plain-schema.ts";
import type { Words, WorkflowSettings } from "../collector/settings.ts";
import { createTally } from "../collector/tally.ts";
import { openFile, unreadable } from "../import/open-file.ts";
import { readJsonl } from "../import/read-jsonl.ts";
import { PermanentError } from "../model/errors.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { RollupRow } from "../model/rows.ts";
import type { Run } from "../model/run.ts";
import { deriveMissing, type SignalBucket, signalId } from "../model/signal.ts";

/** How the lines of a batch are counted: by the collector's own code. */
export interface BatchSettings extends WorkflowSettings {
  workflow: string;
  catalogue: FieldCatalogue;
  words: Words;
}

/** The counts of one batch, and its lines. */
export interface Batch {
  runs: number;
  rows: RollupRow[];
}

/** Kinds that mean something only at the times and on the inputs of life. */
const leftOut = new Set(["volume", "duplicates"]);
/** Inputs are not compared: both sides are made from the same, and one of them may not repeat them. */
const inputField = /^input(?:$|[.[])/;

/**
 * Counts a file of one JSON object to the line: an output, or a whole run as `POST /v1/runs` takes it.
 *
 * @throws {PermanentError} If the file cannot be read or a line is neither.
 */
export async function countBatch(path: string, settings: BatchSettings): Promise<Batch> {
  const tally = createTally();
  const context: ObserveContext = {
    catalogue: settings.catalogue,
    words: createWordLists(settings.words),
    recentInputs: { seen: () => false },
    tally,
  };
  const checkContract = createContractCheck();
  let runs = 0;
  const { content } = await openFile(path);
  let line = 0;
  try {
    for await (const record of readJsonl(content)) {
      line = record.line;
      if (record.kind === "bad")
        throw new PermanentError(`Cannot compare '${path}': line ${record.line}: ${record.why}`);
      const run = toRun(path, record.line, record.columns, settings.workflow);
      const contract = checkContract(settings.contract, run.inputs, run.outputs);
      observeRun(run, JSON.stringify(run.inputs), contract, settings, context);
      for (const step of run.steps) observeStep(step, run.version.id, 0, context);
      runs += 1;
    }
  } catch (error) {
    if (error instanceof RangeError)
      throw new PermanentError(`Cannot compare '${path}': line ${line}: it is nested too deep`, {
        cause: error,
      });
    throw error instanceof PermanentError ? error : unreadable(path, error);
  }
  return { runs, rows: tally.rows() };
}

/** The counts of two batches as buckets; a field that only one of them has is missing in the other. */
export function toBuckets(a: Batch, b: Batch): [SignalBucket[], SignalBucket[]] {
  const known = new Set(
    [...a.rows, ...b.rows].filter(({ kind }) => kind === "null_rate").map(({ field }) => field),
  );
  return [deriveMissing(bucketsOf(a), known), deriveMissing(bucketsOf(b), known)];
}

function bucketsOf({ rows }: Batch): SignalBucket[] {
  const buckets = new Map<string, SignalBucket>();
  for (const { workflow, kind, field, bin, n } of rows) {
    if (leftOut.has(kind) || inputField.test(field)) continue;
    const key = { workflow, kind: kind as SignalBucket["kind"], field };
    const id = signalId(key);
    // Bins are the users' words: an object without a prototype has no `__proto__` to trip over.
    const empty = Object.create(null) as Record<string, number>;
    const bucket = buckets.get(id) ?? { ...key, startMs: 0, counts: empty };
    bucket.counts[bin] = (bucket.counts[bin] ?? 0) + n;
    buckets.set(id, bucket);
  }
  return [...buckets.values()];
}

const runMembers = new Set(Object.keys(runSchema.shape));

/** A line with `outputs` and nothing but members of a run is a run; any other object is an output. */
function toRun(path: string, line: number, columns: JsonObject, workflow: string): Run {
  const isRun = "outputs" in columns && Object.keys(columns).every((name) => runMembers.has(name));
  const given: Json = isRun ? { ...columns, workflow, mode: "live" } : { workflow, outputs: columns };
  const parsed = runSchema.safeParse(given);
  if (!parsed.success)
    throw new PermanentError(`Cannot compare '${path}': line ${line}: ${faultOf(parsed.error)}`);
  return mapPlainRun(parsed.data, { arrivedAtMs: 0, isHistory: false });
}
