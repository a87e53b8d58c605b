import { setTimeout as delay } from "node:timers/promises";
import { TransientError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import type { FileRun } from "./read-file.ts";
import type { RunFate, RunSink } from "./run-sink.ts";

/** What came of an import so far. */
export interface ImportTally {
  /** Runs that were not there before. */
  imported: number;
  /** Runs that were there already. */
  known: number;
  refused: number;
  /** Every record up to this line has been dealt with. */
  throughLine: number;
}

/** What an import works with. */
export interface ImportOptions {
  runs: AsyncIterable<FileRun>;
  sink: RunSink;
  /** Records that begin at or before this line were imported before. 0 for none. */
  afterLine: number;
  /** Told of each record that is no run. Carries no value, only the rule. */
  onRefused: (line: number, why: string) => void;
  /** Told after each batch, once it is durable. */
  onProgress: (tally: ImportTally) => void;
  /** Told when a batch has to wait, once for each. */
  onWaiting: (why: string) => void;
  /** How long a sidecar that cannot take runs is waited for. */
  patienceMs?: number;
}

const batchRuns = 500;
const batchCharacters = 4 * 1024 * 1024;
/** Deeper, nobody has written it. */
const levelsMax = 500;

/** A run on its way, with its place in the file. */
interface Placed {
  line: number;
  run: JsonObject;
}

interface Batch {
  runs: Placed[];
  throughLine: number;
}

/**
 * Sends the runs of a file in batches, in order; one batch is on its way while the next is read.
 *
 * @throws {PermanentError} If the sink refuses for good. @throws {TransientError} If it could not take runs for too
 *   long. What `onProgress` told of is durable all the same.
 */
export async function importRuns(options: ImportOptions): Promise<ImportTally> {
  const { onProgress } = options;
  const tally: ImportTally = { imported: 0, known: 0, refused: 0, throughLine: options.afterLine };
  const refuse = (line: number, why: string) => {
    tally.refused += 1;
    options.onRefused(line, why);
  };
  const deliver = async ({ runs, throughLine }: Batch): Promise<void> => {
    const fates = runs.length === 0 ? [] : await sendPatiently(runs, options);
    runs.forEach(({ line }, at) => {
      const fate = fates[at];
      if (fate === "new") tally.imported += 1;
      else if (fate === "known") tally.known += 1;
      else refuse(line, (fate?.refused ?? "").replace(/^Cannot read run: /, ""));
    });
    tally.throughLine = throughLine;
    onProgress({ ...tally });
  };
  let sending = Promise.resolve();
  for await (const batch of batches(options, refuse)) {
    await sending;
    sending = deliver(batch);
    // A failure is heard of at the next `await`; until then it must not count as unhandled.
    sending.catch(() => undefined);
  }
  await sending;
  return tally;
}

async function* batches(
  { runs, afterLine }: ImportOptions,
  refuse: (line: number, why: string) => void,
): AsyncGenerator<Batch, void> {
  let batch: Batch = { runs: [], throughLine: afterLine };
  let characters = 0;
  for await (const one of runs) {
    if (one.line <= afterLine) continue;
    const size = one.kind === "run" ? roughCharacters(one.run) : 0;
    if (one.kind === "bad") {
      refuse(one.line, one.why);
    } else if (size === null) {
      refuse(one.line, `it is nested more than ${levelsMax} levels deep`);
    } else {
      batch.runs.push(one);
      characters += size;
    }
    batch.throughLine = one.line;
    if (batch.runs.length < batchRuns && characters < batchCharacters) continue;
    yield batch;
    batch = { runs: [], throughLine: one.line };
    characters = 0;
  }
  yield batch;
}

/**
 * The size of a run without encoding it a second time: strings are what makes runs large. Null for one that is nested so deep that
 * encoding it would overflow the stack.
 */
function roughCharacters(value: unknown, levels = levelsMax): number | null {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  if (levels === 0) return null;
  let sum = 2;
  for (const [name, member] of Object.entries(value)) {
    const size = roughCharacters(member, levels - 1);
    if (size === null) return null;
    sum += name.length + 4 + size;
  }
  return sum;
}

async function sendPatiently(runs: readonly Placed[], options: ImportOptions): Promise<RunFate[]> {
  const { sink, onWaiting, patienceMs = 60_000 } = options;
  const bodies = runs.map(({ run }) => run);
  let waitedMs = 0;
  for (;;) {
    try {
      return await sink.send(bodies);
    } catch (error) {
      if (!(error instanceof TransientError) || waitedMs >= patienceMs) throw error;
      if (waitedMs === 0) onWaiting(error.message);
      const waitMs = error.retryAfterSeconds * 1000;
      waitedMs += waitMs;
      await delay(waitMs);
    }
  }
}
