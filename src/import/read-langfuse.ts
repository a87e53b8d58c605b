import { PermanentError } from "../model/errors.ts";
import { isJsonObject, type JsonObject } from "../model/json.ts";
import { readLangfuseRecord, timeOf } from "./langfuse-record.ts";
import { langfuseRun, type LangfuseTrace } from "./langfuse-run.ts";
import { openFile, unreadable } from "./open-file.ts";
import { readCsv } from "./read-csv.ts";
import { completeRun, fileFormat, type FileRun, type ReadOptions, type RunFile } from "./read-file.ts";
import { readJsonArray } from "./read-json-array.ts";
import { readJsonl } from "./read-jsonl.ts";
import type { FileRecord } from "./record.ts";
import { RecordFault } from "./to-run.ts";

/** An export lies in several files, whose records belong together by trace: it is held in memory. */
const charactersMax = 512 * 1024 * 1024;

/**
 * Reads the traces of a Langfuse export: of traces, observations and scores, or of observations alone, in any order of files,
 * from the page, the API or the blob storage. Records that cannot be read come first, then the traces by time.
 *
 * @throws {PermanentError} If a file cannot be read, or they are too large to be held in memory together.
 */
export async function readLangfuse(paths: readonly string[], options: ReadOptions): Promise<RunFile> {
  const bad: string[] = [];
  const traces = new Map<string, LangfuseTrace>();
  let characters = 0;
  for (const path of paths) {
    for await (const record of recordsOf(path, options)) {
      characters += record.kind === "record" ? record.text.length : 0;
      if (characters > charactersMax) throw tooLarge(paths);
      const fault =
        record.kind === "bad" ? record.why : add(traces, record.columns) ? "" : "it names no trace";
      if (fault !== "") bad.push(`line ${record.line} of '${path}': ${fault}`);
    }
  }
  let line = 0;
  const inOrder = [...traces.values()].sort(byTime);
  // eslint-disable-next-line @typescript-eslint/require-await -- a generator for the sake of the shared interface
  async function* runs(): AsyncGenerator<FileRun, void> {
    for (const why of bad) yield { kind: "bad", line: (line += 1), why };
    for (const trace of inOrder) yield toFileRun(trace, (line += 1), options);
  }
  const total = Math.max(1, bad.length + inOrder.length);
  // The files were read to their ends.
  return { share: () => line / total, place: "Record", unused: [], runs: runs(), close: () => undefined };
}

function toFileRun(trace: LangfuseTrace, line: number, options: ReadOptions): FileRun {
  try {
    return { kind: "run", line, run: completeRun(langfuseRun(trace), trace.traceId, options) };
  } catch (error) {
    if (!(error instanceof RecordFault)) throw error;
    return { kind: "bad", line, why: error.message };
  }
}

/** Puts a record to its trace; false if it names none. */
function add(traces: Map<string, LangfuseTrace>, given: JsonObject): boolean {
  const { kind, traceId, columns } = readLangfuseRecord(given);
  if (traceId === "") return false;
  const trace = traces.get(traceId) ?? { traceId, trace: null, observations: [], scores: [] };
  traces.set(traceId, trace);
  if (kind === "observation") trace.observations.push(columns);
  else if (kind === "score") trace.scores.push(columns);
  else {
    trace.trace = columns;
    const { observations } = columns;
    // The API gives them with their trace; a list gives their ids alone.
    if (Array.isArray(observations)) trace.observations.push(...observations.filter(isJsonObject));
  }
  return true;
}

async function* recordsOf(path: string, options: ReadOptions): AsyncGenerator<FileRecord, void> {
  const format = fileFormat(path);
  try {
    if (format === "parquet") {
      yield* readJsonl((await options.openParquet(path)).content);
      return;
    }
    const { content } = await openFile(path);
    if (format === "jsonl") yield* readJsonl(content);
    else if (format === "json") yield* readJsonArray(content);
    else yield* (await readCsv(content, format === "tsv" ? "\t" : ",")).records;
  } catch (error) {
    throw error instanceof PermanentError ? error : unreadable(path, error);
  }
}

function byTime(a: LangfuseTrace, b: LangfuseTrace): number {
  return timeOfTrace(a) - timeOfTrace(b) || (a.traceId < b.traceId ? -1 : 1);
}

function timeOfTrace({ trace, observations }: LangfuseTrace): number {
  const own = trace === null ? null : timeOf(trace, "timestamp");
  return (
    own ??
    Math.min(...observations.map((one) => timeOf(one, "startTime") ?? Infinity), Number.MAX_SAFE_INTEGER)
  );
}

function tooLarge(paths: readonly string[]): PermanentError {
  const names = paths.map((path) => `'${path}'`).join(", ");
  return new PermanentError(
    `Cannot import ${names}: together they hold more than ${charactersMax} characters`,
    {
      hint: "Export and import one month after another",
    },
  );
}
