import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Ndjson, type Table, tables } from "../model/rows.ts";
import { type BufferPool, createBufferPool } from "./buffer-pool.ts";
import { createRollupSums } from "./rollup-lines.ts";
import type { SeenIdsLog } from "./seen-ids-log.ts";
import { type DamagedSpan, readRecords } from "./segment-format.ts";

/** A segment that will not change any more. */
export interface QueuedSegment {
  id: string;
  path: string;
  bytes: number;
  /** When its oldest record was accepted. */
  firstAcceptedMs: number;
  runs: number;
}

/** A sealed segment in the hands of the writer. */
export interface SealedSegment extends QueuedSegment {
  /** Its rows by table, in the order they were accepted: the same at every reading. */
  read(): Promise<SegmentRows>;
  /** Deletes it, once its ids are on record elsewhere. */
  confirm(rows: SegmentRows): Promise<void>;
}

/** The rows of one table. */
export interface TableBatch {
  table: Table;
  rows: number;
  ndjson: Ndjson;
}

/** What a segment holds. Its rows are in memory that is used again once it is confirmed. */
export interface SegmentRows {
  tables: TableBatch[];
  /** Fingerprints of the claimed ids. */
  claims: Buffer;
}

/** The sealed segments of a spool, oldest first. */
export interface SegmentQueue {
  push: (segment: QueuedSegment) => void;
  next(): Promise<SealedSegment | null>;
  /** When the oldest unconfirmed record was accepted; null when there is none. */
  oldestMs(): number | null;
  size(): { runs: number; bytes: number };
  /** Resolves once every segment pushed before the call is confirmed. */
  drained(): Promise<void>;
  close(): void;
}

/** What the queue needs of its spool. */
export interface SegmentQueueDeps {
  dir: string;
  idsLog: SeenIdsLog;
  onDamage: (spans: number) => void;
}

interface Unconfirmed {
  firstAcceptedMs: number;
  confirmed: Promise<void>;
  resolve: () => void;
}

/** Creates an empty queue. */
export function createSegmentQueue(deps: SegmentQueueDeps): SegmentQueue {
  const unconfirmed = new Map<string, Unconfirmed>();
  const ready: QueuedSegment[] = [];
  const buffers = createBufferPool();
  let takers: ((segment: SealedSegment | null) => void)[] = [];
  let size = { runs: 0, bytes: 0 };
  let isClosed = false;

  function settle(segment: QueuedSegment): void {
    const known = unconfirmed.get(segment.id);
    unconfirmed.delete(segment.id);
    size = { runs: size.runs - segment.runs, bytes: size.bytes - segment.bytes };
    known?.resolve();
  }

  const handOut = (segment: QueuedSegment) =>
    sealed(segment, deps, buffers, () => {
      settle(segment);
    });

  return {
    push(segment) {
      let resolve: () => void = () => undefined;
      const confirmed = new Promise<void>((done) => (resolve = done));
      unconfirmed.set(segment.id, { firstAcceptedMs: segment.firstAcceptedMs, confirmed, resolve });
      size = { runs: size.runs + segment.runs, bytes: size.bytes + segment.bytes };
      const taker = takers.shift();
      if (taker === undefined) ready.push(segment);
      else taker(handOut(segment));
    },
    next() {
      if (isClosed) return Promise.resolve(null);
      const segment = ready.shift();
      if (segment !== undefined) return Promise.resolve(handOut(segment));
      return new Promise((resolve) => takers.push(resolve));
    },
    oldestMs() {
      let oldest: number | null = null;
      for (const { firstAcceptedMs } of unconfirmed.values()) {
        if (oldest === null || firstAcceptedMs < oldest) oldest = firstAcceptedMs;
      }
      return oldest;
    },
    size: () => size,
    async drained() {
      await Promise.all([...unconfirmed.values()].map(({ confirmed }) => confirmed));
    },
    close() {
      isClosed = true;
      for (const resolve of takers) resolve(null);
      takers = [];
    },
  };
}

function sealed(
  segment: QueuedSegment,
  deps: SegmentQueueDeps,
  buffers: BufferPool,
  settle: () => void,
): SealedSegment {
  let memory: Buffer = Buffer.alloc(0);
  return {
    ...segment,
    async read() {
      memory = await readWhole(segment, buffers);
      return readRows(segment, memory, deps);
    },
    async confirm(rows) {
      await deps.idsLog.append(rows.claims);
      await rm(segment.path, { force: true });
      settle();
      buffers.give(memory);
    },
  };
}

async function readRows(
  segment: QueuedSegment,
  bytes: Buffer,
  { dir, onDamage }: SegmentQueueDeps,
): Promise<SegmentRows> {
  const turns = createTurns();
  const claims: Buffer[] = [];
  const damaged: DamagedSpan[] = [];
  const rowsByTable = new Map<Table, { rows: number; pieces: Buffer[] }>();
  for (const found of readRecords(bytes)) {
    if (!("sections" in found)) {
      damaged.push(found);
      continue;
    }
    claims.push(found.claims);
    for (const { table, rows, ndjson } of found.sections) {
      const known = rowsByTable.get(table) ?? { rows: 0, pieces: [] };
      known.pieces.push(ndjson);
      rowsByTable.set(table, { rows: known.rows + rows, pieces: known.pieces });
      await turns.took(ndjson.length);
    }
  }
  const added = damaged.length === 0 ? 0 : await quarantine(dir, segment.path, bytes, damaged);
  if (added > 0) onDamage(added);
  const read: TableBatch[] = [];
  for (const table of tables) {
    const known = rowsByTable.get(table);
    if (known === undefined) continue;
    if (table === "rollups") read.push({ table, ...(await sumRollups(known.pieces, turns)) });
    else read.push({ table, rows: known.rows, ndjson: known.pieces });
  }
  return { tables: read, claims: Buffer.concat(claims) };
}

/** What lies behind its bytes was refused, by a disk that did not let it be cut either. */
async function readWhole({ path, bytes: size }: QueuedSegment, buffers: BufferPool): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const whole = buffers.take(size);
    let at = 0;
    for (let read = -1; at < size && read !== 0; at += read) {
      read = (await file.read(whole, at, size - at, at)).bytesRead;
    }
    return whole.subarray(0, at);
  } finally {
    await file.close();
  }
}

/** Long work in turns, so that requests are answered in between. */
interface Turns {
  took(bytes: number): Promise<void>;
}

/** Bytes that are checked in one turn: a millisecond or two. */
const bytesPerTurn = 1024 * 1024;
/** Summing a byte of rollup lines takes as long as checking so many. */
const summingFactor = 4;

function createTurns(): Turns {
  let bytesTaken = 0;
  return {
    async took(bytes) {
      bytesTaken += bytes;
      if (bytesTaken < bytesPerTurn) return;
      bytesTaken = 0;
      await setImmediate();
    },
  };
}

async function sumRollups(pieces: readonly Buffer[], turns: Turns): Promise<Omit<TableBatch, "table">> {
  const sums = createRollupSums();
  for (const piece of pieces) {
    sums.add(piece);
    await turns.took(piece.length * summingFactor);
  }
  return sums.take();
}

/** Copies damaged spans aside, each under a name of its own. Answers how many were not there before. */
export async function quarantine(
  dir: string,
  path: string,
  bytes: Buffer,
  damaged: readonly DamagedSpan[],
): Promise<number> {
  const folder = join(dir, "quarantine");
  await mkdir(folder, { recursive: true });
  let added = 0;
  for (const { from, to } of damaged) {
    try {
      await writeFile(join(folder, `${basename(path, ".seg")}-${from}.bin`), bytes.subarray(from, to), {
        flag: "wx",
      });
      added++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  return added;
}
