import type { Readable } from "node:stream";
import { type CsvError, type Info, parse } from "csv-parse";
import { PermanentError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import { plural } from "../model/plural.ts";
import { type FileRecord, recordBytesMax } from "./record.ts";
import { shownNames } from "./shown-names.ts";

/** Records of a CSV file and the names in its first line. */
export interface CsvFile {
  header: string[];
  records: AsyncGenerator<FileRecord, void>;
}

interface Row {
  record: string[];
  info: Info;
}

/**
 * Reads a CSV file with a header line (RFC 4180, and what spreadsheets make of it). Every cell is text.
 *
 * A record with more or fewer cells than the header is set aside alone. After a quote that is never closed there are no
 * records to tell apart: what follows is set aside as one.
 *
 * @throws {PermanentError} If there is no header, or two columns have one name.
 */
export async function readCsv(content: Readable, delimiter: string): Promise<CsvFile> {
  let fault: CsvError | undefined;
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: recordBytesMax,
    // An error would throw away the records before it that wait to be read. It comes once: the parser does not find
    // its way back from either fault, and drops what follows.
    skip_records_with_error: true,
    on_skip: (error) => {
      fault ??= error;
      return undefined;
    },
  });
  content.on("error", (error) => parser.destroy(error));
  const rows = content.pipe(parser)[Symbol.asyncIterator]() as AsyncIterator<Row, undefined>;
  const first = await rows.next();
  if (first.done === true) throw new PermanentError("Cannot read CSV: there is no header line");
  const header = first.value.record.map((name) => name.trim());
  const seen = new Set<string>();
  const twice = header.find((name) => seen.has(name) || !seen.add(name));
  if (twice !== undefined)
    throw new PermanentError(`Cannot read CSV: two columns are named ${shownNames([twice])}`);
  return { header, records: toRecords(rows, header, first.value.info.lines + 1, () => fault) };
}

async function* toRecords(
  rows: AsyncIterator<Row, undefined>,
  header: readonly string[],
  firstLine: number,
  fault: () => CsvError | undefined,
): AsyncGenerator<FileRecord, void> {
  let line = firstLine;
  for (let next = await rows.next(); next.done !== true; next = await rows.next()) {
    yield toRecord(next.value.record, header, line);
    line = next.value.info.lines + 1;
  }
  const found = fault();
  if (found === undefined) return;
  const isOpen = found.code === "CSV_QUOTE_NOT_CLOSED";
  const why = isOpen ? "a quote in it is never closed" : `it is longer than ${recordBytesMax} bytes`;
  yield { kind: "bad", line, why: `${why}; nothing after it was read` };
}

function toRecord(cells: readonly string[], header: readonly string[], line: number): FileRecord {
  if (cells.length !== header.length) {
    const why = `it has ${cells.length} ${plural(cells.length, "cell")}, and the header has ${header.length}`;
    return { kind: "bad", line, why };
  }
  // Column names are the users' words: without a prototype there is no `__proto__` to trip over.
  const columns = Object.create(null) as JsonObject;
  header.forEach((name, at) => (columns[name] = cells[at] ?? ""));
  return { kind: "record", line, columns, text: JSON.stringify(cells) };
}
