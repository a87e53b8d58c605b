import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AppendFile, createAppendFile } from "./segment-file.ts";
import { segmentHeader } from "./segment-format.ts";

/** A segment that takes records. */
export interface SegmentFile extends AppendFile {
  readonly id: string;
}

/** Makes the segments of a folder, one after another. */
export interface SegmentMaker {
  /** The next segment: the one that was prepared, or else a new one. */
  take(): Promise<SegmentFile>;
  /** Makes the next segment ahead, so that no request waits until its name is durable. A failure shows at `take`. */
  prepare(): void;
  /** Removes what was prepared and not taken. */
  close(): Promise<void>;
}

/** Creates the maker of a folder whose newest segment has this number. */
export function createSegmentMaker(dir: string, lastNumber: number): SegmentMaker {
  let number = lastNumber;
  let prepared: Promise<SegmentFile | null> | null = null;

  async function create(): Promise<SegmentFile> {
    number++;
    const id = `${String(number).padStart(12, "0")}-${randomBytes(8).toString("hex")}`;
    return { id, ...(await createAppendFile(join(dir, `${id}.seg`), segmentHeader)) };
  }

  function takePrepared(): Promise<SegmentFile | null> {
    const ready = prepared ?? Promise.resolve(null);
    prepared = null;
    return ready;
  }

  return {
    take: async () => (await takePrepared()) ?? create(),
    prepare() {
      prepared ??= create().catch(() => null);
    },
    async close() {
      const unused = await takePrepared();
      if (unused === null) return;
      await unused.close();
      await rm(unused.path, { force: true });
    },
  };
}
