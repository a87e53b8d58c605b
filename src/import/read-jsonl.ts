import { isJsonObject } from "../model/json.ts";
import { tryParseJson } from "../collector/parse-json.ts";
import { type FileRecord, recordBytesMax } from "./record.ts";

const newline = 10;

/** Reads one JSON object from each line. Empty lines are passed over; a bad line is set aside alone. */
export async function* readJsonl(content: AsyncIterable<Buffer>): AsyncGenerator<FileRecord, void> {
  let line = 0;
  for await (const bytes of splitLines(content)) {
    line += 1;
    if (bytes === null) {
      yield { kind: "bad", line, why: `it is longer than ${recordBytesMax} bytes` };
      continue;
    }
    const text = bytes
      .toString("utf8")
      .replace(line === 1 ? /^\uFEFF/ : "", "")
      .trim();
    if (text === "") continue;
    const columns = tryParseJson(text);
    if (columns === undefined) yield { kind: "bad", line, why: "it is not JSON" };
    else if (!isJsonObject(columns)) yield { kind: "bad", line, why: "it is not a JSON object" };
    else yield { kind: "record", line, columns, text };
  }
}

/** Yields each line without its end; null for one that is too long. Holds no more than one line. */
async function* splitLines(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer | null, void> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (): Buffer | null => {
    const line = size > recordBytesMax ? null : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    return line;
  };
  const add = (part: Buffer) => {
    size += part.length;
    if (size > recordBytesMax) parts = [];
    else parts.push(part);
  };
  for await (const chunk of content) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      add(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (size > 0) yield take();
}
