import { open } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { faultCode, PermanentError } from "../model/errors.ts";

/** An open file of past runs, plain again if it was compressed. */
export interface OpenFile {
  /** How much of the file on disk has been read, 0 to 1. */
  share: () => number;
  content: Readable;
}

/**
 * Opens a text file for reading in a stream; gzip is recognised by its first bytes, whatever the file is called.
 *
 * @throws {PermanentError} If it cannot be opened, is a folder, or is not UTF-8.
 */
export async function openFile(path: string): Promise<OpenFile> {
  try {
    const handle = await open(path);
    const stats = await handle.stat();
    const start = Buffer.alloc(2);
    await handle.read(start, 0, 2, 0);
    if (isUtf16(start)) {
      await handle.close();
      throw new PermanentError(`Cannot read '${path}': it must be UTF-8, and it is UTF-16`, {
        hint: `Convert it: iconv -f UTF-16 -t UTF-8 '${path}'`,
      });
    }
    let bytesRead = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytesRead += chunk.length;
        done(null, chunk);
      },
    });
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    const source = handle.createReadStream({ start: 0 });
    const last = isGzip ? createGunzip() : count;
    // A failure destroys every stream of the chain; the reader of the last one is who hears of it.
    void (isGzip ? pipeline(source, count, last) : pipeline(source, count)).catch(() => undefined);
    return { share: () => bytesRead / Math.max(1, stats.size), content: last };
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    throw unreadable(path, error);
  }
}

/** A fault of the file system or of gzip, as people are told of it. */
export function unreadable(path: string, cause: unknown): PermanentError {
  return new PermanentError(`Cannot read '${path}': ${faultCode(cause)}`, { cause });
}

function isUtf16([first, second]: Buffer): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}
