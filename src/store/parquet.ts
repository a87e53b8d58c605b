import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname, resolve } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { PermanentError } from "../model/errors.ts";

/** What `parquet-process.ts` is asked to do. */
export type ParquetJob = { kind: "read"; path: string } | { kind: "write"; path: string; structure: string };

/** What it tells of its work. */
export type ParquetMessage =
  | { kind: "opened"; rows: number; columns: string[] }
  | { kind: "done" }
  | { kind: "failed"; code: number | null };

/** What a column of a Parquet file holds. `json` is text; `map` holds texts by name. */
export type ParquetType = "text" | "number" | "flag" | "time" | "json" | "texts" | "map";

/** An open Parquet file. */
export interface ParquetFile {
  rows: number;
  columns: string[];
  /** The rows as lines of JSON, in order; times are ISO 8601 in UTC. */
  content: AsyncGenerator<Buffer, void>;
  /** Ends the process that reads it, also where nothing was read. */
  close: () => void;
}

const types: Record<ParquetType, string> = {
  text: "Nullable(String)",
  number: "Nullable(Float64)",
  flag: "Nullable(Bool)",
  time: "Nullable(DateTime64(3, 'UTC'))",
  json: "Nullable(String)",
  texts: "Array(String)",
  map: "Map(String, String)",
};

/**
 * Opens a Parquet file with ClickHouse's reader, in a process of its own: a file that harms the reader harms nothing else, and
 * the engine that holds the data folder is left alone.
 *
 * @throws {PermanentError} If it is no Parquet file that ClickHouse can read; so does reading its content.
 */
export async function openParquet(path: string): Promise<ParquetFile> {
  const running = start({ kind: "read", path: checkedPath(path) });
  const fault = (code: number | null) =>
    new PermanentError(`Cannot read '${path}': ClickHouse cannot read it as Parquet (${codeText(code)})`);
  const opened = await running.opened;
  if (opened === null) throw fault((await running.ended).code);
  return {
    rows: opened.rows,
    columns: opened.columns,
    content: output(running, fault),
    close: () => void running.child.kill(),
  };
}

/**
 * Writes rows as one Parquet file, with ClickHouse's writer in a process of its own. A file that is there is replaced.
 *
 * @param rows Lines of JSON, one object each. Members without a column are left out.
 * @throws {PermanentError} If the writer fails, as on a full disk; whatever `rows` throws.
 */
export async function writeParquet(
  path: string,
  rows: AsyncIterable<string>,
  columns: Record<string, ParquetType>,
): Promise<void> {
  const structure = Object.entries(columns).map(([name, type]) => `${name} ${types[type]}`);
  const running = start({ kind: "write", path: checkedPath(path), structure: structure.join(", ") });
  try {
    // A writer that ends early breaks the pipe; how it ended says why.
    const fed = pipeline(Readable.from(rows), running.input).catch((error: unknown) => {
      if (!isBrokenPipe(error)) throw error;
    });
    await fed;
    const { isDone, code } = await running.ended;
    if (!isDone) throw new PermanentError(`Cannot write '${path}': ClickHouse refused (${codeText(code)})`);
  } finally {
    running.child.kill();
  }
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ECONNRESET");
}

/** ClickHouse takes these signs for patterns. */
function checkedPath(path: string): string {
  const full = resolve(path);
  if (!/[*?{}]/.test(full)) return full;
  throw new PermanentError(`Cannot use '${path}': the path of a Parquet file must not hold *, ?, { or }`);
}

interface Running {
  input: NodeJS.WritableStream;
  output: Readable;
  /** Null where it ended before. */
  opened: Promise<Extract<ParquetMessage, { kind: "opened" }> | null>;
  ended: Promise<{ isDone: boolean; code: number | null }>;
  child: ChildProcess;
}

function start(job: ParquetJob): Running {
  // The same file from src (.ts, where the loader is inherited) and from dist (.js).
  const file = fileURLToPath(new URL(`./parquet-process${extname(import.meta.url)}`, import.meta.url));
  const child = fork(file, { stdio: ["pipe", "pipe", "inherit", "ipc"] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null)
    throw new RangeError("Cannot start the Parquet process: it has no pipes");
  let last: ParquetMessage | null = null;
  const opened = new Promise<Extract<ParquetMessage, { kind: "opened" }> | null>((resolveOpened) => {
    child.on("message", (message: ParquetMessage) => {
      last = message;
      if (message.kind === "opened") resolveOpened(message);
    });
    child.once("exit", () => resolveOpened(null));
  });
  // A broken pipe shows in how the process ends.
  stdin.on("error", () => undefined);
  const ended = once(child, "exit").then(() => ({
    isDone: last?.kind === "done",
    code: last?.kind === "failed" ? last.code : null,
  }));
  // Piped at once: when a process ends, Node throws away what nobody has begun to read of its output.
  const rows = stdout.pipe(new PassThrough());
  child.send(job);
  return { input: stdin, output: rows, opened, ended, child };
}

/** What the process writes; whoever stops reading ends it. */
async function* output(
  { output: stdout, ended, child }: Running,
  fault: (code: number | null) => PermanentError,
): AsyncGenerator<Buffer, void> {
  try {
    for await (const chunk of stdout) yield chunk as Buffer;
    const { isDone, code } = await ended;
    if (!isDone) throw fault(code);
  } finally {
    child.kill();
  }
}

function codeText(code: number | null): string {
  return code === null ? "its process ended" : `code ${code}`;
}
