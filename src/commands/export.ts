import { createWriteStream } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { History, HistoryQuery } from "../history/port.ts";
import { PermanentError } from "../model/errors.ts";
import { plural } from "../model/plural.ts";
import { writeParquet } from "../store/parquet.ts";
import type { Command, CommandContext } from "./command.ts";
import {
  exportColumns,
  exportIncident,
  type ExportKind,
  exportKinds,
  exportReview,
  exportRun,
} from "./export-rows.ts";
import { openHistory } from "./open-history.ts";
import {
  choiceOption,
  historyOptions,
  spanOptions,
  textOption,
  timeOption,
  workflowOption,
  workflowOptions,
} from "./options.ts";

type Row = Record<string, unknown>;

const formats = ["jsonl", "csv", "parquet"] as const;

/** Writes stored runs, reviews or incidents to a file or to standard output. */
export const exportRows: Command = {
  summary: "write stored runs, reviews or incidents as JSONL, CSV or Parquet",
  synopsis:
    "--workflow W [--what runs|reviews|incidents] [--format jsonl|csv|parquet] [--from T] [--to T] [--output FILE] [--url URL] [--key K] [options]",
  options: {
    ...workflowOptions,
    what: { type: "string", value: "KIND", means: "runs, reviews or incidents", otherwise: "runs" },
    format: { type: "string", value: "FORMAT", means: "jsonl, csv or parquet", otherwise: "jsonl" },
    ...spanOptions,
    output: { type: "string", value: "FILE", means: "file to write", otherwise: "standard output" },
    ...historyOptions,
  },
  async run(context) {
    const query: HistoryQuery = {
      workflow: workflowOption(context, "export"),
      fromMs: timeOption(context, "from", "export") ?? 0,
      toMs: timeOption(context, "to", "export") ?? Date.now(),
    };
    const what = choiceOption(context, "what", "export", exportKinds);
    const format = choiceOption(context, "format", "export", formats);
    const history = await openHistory(context);
    try {
      const counted = { rows: 0 };
      const rows = count(readRows(history, what, query), counted);
      try {
        if (format === "parquet") await writeParquetFile(context, rows, what);
        else await write(context, (out, keepOpen) => writeRows(rows, what, format, out, keepOpen));
      } finally {
        // Waits for a read that is under way: the store must not be closed beneath it.
        await rows.return();
      }
      const noun = plural(counted.rows, what.replace(/s$/, ""), what);
      process.stderr.write(`${counted.rows.toLocaleString("en-GB")} ${noun} written\n`);
      return 0;
    } finally {
      await history.close();
    }
  },
};

async function* readRows(history: History, what: ExportKind, query: HistoryQuery): AsyncGenerator<Row, void> {
  switch (what) {
    case "runs":
      for await (const run of history.read("runs", query)) yield exportRun(run);
      return;
    case "reviews":
      for await (const review of history.read("reviews", query)) yield exportReview(review);
      return;
    case "incidents":
      for await (const incident of history.read("incidents", query)) yield exportIncident(incident);
  }
}

async function* count(rows: AsyncIterable<Row>, counted: { rows: number }): AsyncGenerator<Row, void> {
  for await (const row of rows) {
    counted.rows += 1;
    yield row;
  }
}

/** Writes to the named file, which appears only when it is complete, or to standard output. */
async function write(
  context: CommandContext,
  writeTo: (out: Writable, keepOpen: boolean) => Promise<void>,
): Promise<void> {
  const path = textOption(context, "output");
  if (path === "") await writeTo(process.stdout, true);
  else await whenComplete(path, (partial) => writeTo(createWriteStream(partial), false));
}

/** Parquet ends with its table of contents, so that it needs a file. */
async function writeParquetFile(
  context: CommandContext,
  rows: AsyncIterable<Row>,
  what: ExportKind,
): Promise<void> {
  const path = textOption(context, "output");
  if (path === "") throw new PermanentError("Cannot export: --output must name a file for Parquet");
  await whenComplete(path, async (partial) => {
    // The writer would make the folders of a mistyped path.
    await writeFile(partial, "");
    await writeParquet(partial, jsonLines(rows), exportColumns[what]);
  });
}

async function whenComplete(path: string, writeTo: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.part`;
  try {
    await writeTo(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    if (!(error instanceof Error && "syscall" in error && "code" in error)) throw error;
    throw new PermanentError(`Cannot write '${path}': ${String(error.code)}`, { cause: error });
  }
}

async function writeRows(
  rows: AsyncIterable<Row>,
  what: ExportKind,
  format: "jsonl" | "csv",
  out: Writable,
  keepOpen: boolean,
): Promise<void> {
  const lines = format === "csv" ? [Readable.from(rows), csvOf(what)] : [Readable.from(jsonLines(rows))];
  try {
    await pipeline([...lines, out] as [Readable, Writable], { end: !keepOpen });
  } catch (error) {
    // Whoever reads standard output may have seen enough (`| head`).
    if (!(keepOpen && error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
  }
}

async function* jsonLines(rows: AsyncIterable<Row>): AsyncGenerator<string, void> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

/** Text that a spreadsheet would take for a formula gets an apostrophe in front. */
function csvOf(what: ExportKind) {
  const json = (value: object) => JSON.stringify(value);
  return stringify({
    header: true,
    columns: Object.keys(exportColumns[what]),
    escape_formulas: true,
    bom: false,
    cast: { object: json, boolean: String },
  });
}
