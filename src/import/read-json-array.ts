import { tryParseJson } from "../collector/parse-json.ts";
import { PermanentError } from "../model/errors.ts";
import { isJsonObject } from "../model/json.ts";
import { type FileRecord, recordBytesMax } from "./record.ts";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);

/**
 * Reads the objects of one JSON list in a stream; a record's place in the list, from 1, stands for its line. Holds no more than one
 * record.
 *
 * @throws {PermanentError} If the content is no list.
 */
export async function* readJsonArray(content: AsyncIterable<Buffer>): AsyncGenerator<FileRecord, void> {
  let line = 0;
  for await (const bytes of splitItems(content)) {
    const text = bytes?.toString("utf8").trim() ?? "";
    if (bytes !== null && text === "") continue;
    line += 1;
    const columns = bytes === null ? undefined : tryParseJson(text);
    if (bytes === null) yield { kind: "bad", line, why: `it is longer than ${recordBytesMax} bytes` };
    else if (columns === undefined) yield { kind: "bad", line, why: "it is not JSON" };
    else if (!isJsonObject(columns)) yield { kind: "bad", line, why: "it is not a JSON object" };
    else yield { kind: "record", line, columns, text };
  }
}

/** Where the scan of a list is. */
interface Scan {
  /** Brackets that are open: 1 within the list itself. */
  depth: number;
  inText: boolean;
  isEscaped: boolean;
}

/** Yields what stands between the commas of the list; null for what is too long. */
async function* splitItems(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null, void> {
  const scan: Scan = { depth: 0, inText: false, isEscaped: false };
  let parts: Buffer[] = [];
  let size = 0;
  const add = (part: Buffer) => {
    size += part.length;
    if (size > recordBytesMax) parts = [];
    else parts.push(part);
  };
  const take = (): Buffer | null => {
    const item = size > recordBytesMax ? null : Buffer.concat(parts);
    parts = [];
    size = 0;
    return item;
  };
  for await (const chunk of content) {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      if (scan.depth === 0) {
        const begins = beginsAt(chunk, at);
        if (begins === null) break;
        from = at = begins;
        scan.depth = 1;
        from += 1;
        continue;
      }
      if (!endsItem(scan, chunk[at] ?? 0)) continue;
      add(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    if (scan.depth > 0) add(chunk.subarray(from));
  }
  // A list that is cut off ends in the middle of a record.
  if (scan.depth > 0 && size > 0) yield take();
}

/** Where the list begins in the first chunk that holds ink; null in one that holds none, or behind the list. */
function beginsAt(chunk: Buffer, at: number): number | null {
  for (let place = at; place < chunk.length; place += 1) {
    const byte = chunk[place] ?? 0;
    // White space and the byte order mark.
    if (byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf) continue;
    if (byte === 0x5b) return place;
    throw new PermanentError("Cannot read JSON: a .json file must hold one list", {
      hint: "Name a file with one object on each line .jsonl",
    });
  }
  return null;
}

/** Moves the scan over one byte; true where an item of the list ends there. */
function endsItem(scan: Scan, byte: number): boolean {
  if (scan.inText) {
    if (scan.isEscaped) scan.isEscaped = false;
    else if (byte === backslash) scan.isEscaped = true;
    else if (byte === quote) scan.inText = false;
    return false;
  }
  if (byte === quote) scan.inText = true;
  else if (openers.has(byte)) scan.depth += 1;
  else if (closers.has(byte)) {
    scan.depth -= 1;
    return scan.depth === 0;
  }
  return byte === comma && scan.depth === 1;
}
