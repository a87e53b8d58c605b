import { extname } from "node:path";
import type { Readable } from "node:stream";
import { PermanentError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { learnCellTypes } from "./cell-types.ts";
import { type CellType, type ColumnMap, columnsOf, mapByName } from "./column-map.ts";
import { openFile, unreadable } from "./open-file.ts";
import { readCsv } from "./read-csv.ts";
import { readJsonArray } from "./read-json-array.ts";
import { readJsonl } from "./read-jsonl.ts";
import type { FileRecord } from "./record.ts";
import { createRunIds } from "./run-ids.ts";
import { needsOrder, readTime } from "./read-time.ts";
import { shownNames } from "./shown-names.ts";
import { createToRun, RecordFault, type ToRun } from "./to-run.ts";

/** A run of the file, ready to be sent, or why the record cannot be one. */
export type FileRun =
  | { kind: "run"; line: number; run: JsonObject }
  | { kind: "bad"; line: number; why: string };

/** A file that is being read. */
export interface RunFile {
  /** How much of it has been read, 0 to 1. */
  share: () => number;
  /** What `line` counts. */
  place: "Line" | "Record";
  /** Columns of a table that go nowhere. */
  unused: string[];
  runs: AsyncGenerator<FileRun, void>;
  /** Lets go of the file, also where nothing was read. */
  close: () => void;
}

/** Opens a Parquet file; its content is one JSON object on each line. */
export type OpenParquet = (
  path: string,
) => Promise<{ rows: number; columns: string[]; content: AsyncIterable<Buffer>; close: () => void }>;

/** How a file is to be read. */
export interface ReadOptions {
  workflow: string;
  /** Null: JSON in the shape of `POST /v1/runs`, tables with columns named as Evenkeel does. */
  map: ColumnMap | null;
  /** Runs that start later are refused: there is no history of the future. */
  nowMs: number;
  openParquet: OpenParquet;
}

/** Records of a CSV file from which the types of its columns are learned. */
const sampleRecords = 1_000;

/**
 * Reads the past runs of a file in a stream, in constant memory.
 *
 * @throws {PermanentError} If the file cannot be read, its name does not tell its format, or the map names columns that
 *   are not there.
 */
export async function readRunFile(path: string, options: ReadOptions): Promise<RunFile> {
  const { records, toRun, ...file } = await prepare(path, options);
  return { ...file, runs: toRuns(path, records, toRun, options) };
}

interface Prepared extends Omit<RunFile, "runs"> {
  records: AsyncIterable<FileRecord>;
  toRun: ToRun;
}

async function prepare(path: string, options: ReadOptions): Promise<Prepared> {
  const format = fileFormat(path);
  if (format === "parquet") return parquet(path, options);
  const { content, share } = await openFile(path);
  const close = () => void content.destroy();
  if (format === "csv" || format === "tsv") {
    const table = await closedOnFault(close, () => csv(path, content, format, options));
    return { share, close, place: "Line", ...table };
  }
  const { map } = options;
  const toRun: ToRun = map === null ? (columns) => ({ ...columns }) : createToRun(map, null);
  return format === "json"
    ? { share, close, place: "Record", unused: [], records: readJsonArray(content), toRun }
    : { share, close, place: "Line", unused: [], records: readJsonl(content), toRun };
}

async function closedOnFault<T>(close: () => void, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    close();
    throw error;
  }
}

async function csv(
  path: string,
  content: Readable,
  format: "csv" | "tsv",
  options: ReadOptions,
): Promise<Pick<Prepared, "records" | "toRun" | "unused">> {
  const { header, records } = await readCsv(
    content,
    options.map?.delimiter ?? (format === "tsv" ? "\t" : ","),
  ).catch((error: unknown) => {
    throw error instanceof PermanentError ? error : unreadable(path, error);
  });
  const { map, unused } = mapColumns(path, header, options);
  const sample = await take(records, sampleRecords);
  const types = learnCellTypes(sample, header);
  return { records: chain(sample, records), toRun: createToRun(map, types), unused };
}

async function parquet(path: string, options: ReadOptions): Promise<Prepared> {
  const { rows, columns, content, close } = await options.openParquet(path);
  const { map, unused } = await closedOnFault(close, () => mapColumns(path, columns, options));
  let read = 0;
  async function* counted(): AsyncGenerator<FileRecord, void> {
    for await (const record of readJsonl(content)) {
      read += 1;
      yield record;
    }
  }
  // Its values have types of their own; only a whole column may be text that holds JSON.
  const types = new Map<string, CellType>();
  const toRun = createToRun(map, types);
  const share = () => read / Math.max(1, rows);
  return { share, close, place: "Record", unused, records: counted(), toRun };
}

/** The map of a table: the one given, or by the names of its columns. */
function mapColumns(
  path: string,
  header: readonly string[],
  options: ReadOptions,
): { map: ColumnMap; unused: string[] } {
  const mapped =
    options.map === null ? mapByName(header) : { map: options.map, unused: unusedBy(options.map, header) };
  const known = new Set(header);
  const missing = columnsOf(mapped.map).filter(({ column }) => !known.has(column));
  if (missing.length > 0) {
    throw new PermanentError(
      `Cannot import '${path}': it has no column ${shownNames(missing.map((one) => one.column))}`,
      { hint: `Its columns are ${shownNames(header)}` },
    );
  }
  if (mapped.map.inputs === undefined && mapped.map.outputs === undefined) {
    throw new PermanentError(`Cannot import '${path}': no column is an input or an output`, {
      hint: `Name columns 'input.…' and 'output.…', or give a map with --map (docs/import.md). Its columns are ${shownNames(header)}`,
    });
  }
  return mapped;
}

async function* toRuns(
  path: string,
  records: AsyncIterable<FileRecord>,
  toRun: ToRun,
  options: ReadOptions,
): AsyncGenerator<FileRun, void> {
  const runId = createRunIds(options.workflow);
  try {
    for await (const record of records) {
      if (record.kind === "bad") {
        yield record;
        continue;
      }
      const { line, columns, text } = record;
      // Before anything can fail: equal records are told apart by how many came before.
      const derivedId = runId(text);
      try {
        yield { kind: "run", line, run: completeRun(toRun(columns), derivedId, options) };
      } catch (error) {
        if (!(error instanceof RecordFault)) throw error;
        yield { kind: "bad", line, why: error.message };
      }
    }
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw unreadable(path, error);
  }
}

/** Gives a run its workflow, an id, and times that mean the same everywhere. */
export function completeRun(
  run: JsonObject,
  derivedId: string,
  { workflow, map, nowMs }: ReadOptions,
): JsonObject {
  const order = map?.dates ?? null;
  const startedAt = readTime(run.started_at ?? run.ended_at, order);
  if (startedAt === null) {
    const rule =
      order === null && needsOrder(run.started_at ?? run.ended_at)
        ? "needs a map that says 'dates: day-first' or 'month-first' (docs/import.md)"
        : "must be an ISO 8601 time or seconds since the epoch, from 2000 on";
    throw new RecordFault(`'started_at' ${rule}`);
  }
  if (startedAt > nowMs) throw new RecordFault("'started_at' must not lie in the future");
  const endedAt = run.ended_at === undefined || run.ended_at === null ? null : readTime(run.ended_at, order);
  if (endedAt === null && run.ended_at !== undefined && run.ended_at !== null)
    throw new RecordFault("'ended_at' must be an ISO 8601 time or seconds since the epoch");
  const id = run.run_id === undefined || run.run_id === null || run.run_id === "" ? derivedId : run.run_id;
  return {
    ...run,
    workflow,
    run_id: id,
    started_at: startedAt,
    ...(endedAt === null ? {} : { ended_at: endedAt }),
  };
}

/** What a file's name says of its format. */
export function fileFormat(path: string): "jsonl" | "json" | "csv" | "tsv" | "parquet" {
  const plain = path.replace(/\.gz$/i, "");
  switch (extname(plain).toLowerCase()) {
    case ".jsonl":
    case ".ndjson":
      return "jsonl";
    case ".json":
      return "json";
    case ".csv":
      return "csv";
    case ".tsv":
      return "tsv";
    case ".parquet":
      return "parquet";
    default:
      throw new PermanentError(
        `Cannot import '${path}': its name must end in .jsonl, .ndjson, .json, .csv, .tsv, or one of these and .gz, or .parquet`,
      );
  }
}

function unusedBy(map: ColumnMap, header: readonly string[]): string[] {
  const used = new Set(columnsOf(map).map(({ column }) => column));
  return header.filter((column) => !used.has(column));
}

async function take<T>(items: AsyncGenerator<T, void>, count: number): Promise<T[]> {
  const taken: T[] = [];
  while (taken.length < count) {
    const { value, done } = await items.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

async function* chain<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncGenerator<T, void> {
  yield* first;
  yield* rest;
}
