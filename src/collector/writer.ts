import type { Logger } from "pino";
import type { Clock } from "../model/clock.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { CounterLike } from "../model/meters.ts";
import type { RejectRow } from "../model/rows.ts";
import type { Store } from "../store/port.ts";
import type { SealedSegment, SegmentRows, TableBatch } from "./segment-queue.ts";
import type { Spool } from "./spool.ts";

/** What `createWriter` needs. */
export interface WriterOptions {
  spool: Spool;
  store: Pick<Store, "insert">;
  clock: Clock;
  log: Logger;
  meters: WriterMeters;
  /**
   * Segments on their way at the same time, 1 unless given. Several make up for the time that a server takes to answer,
   * so that the spool drains faster than it fills.
   */
  segmentsAtOnce?: number;
}

/** What the writer counts. */
export interface WriterMeters {
  runsStored: CounterLike;
  /** `store_refused` for a run, `store_refused_<table>` for any other row. */
  runsRejected: CounterLike<"reason">;
}

/** Moves the spool into the store. */
export interface Writer {
  /** Every row accepted before this time is in the store, in milliseconds since the epoch. */
  drainedThroughMs(): number;
  /** Resolves once every row accepted before the call is in the store; not while the store cannot be reached. */
  flush(): Promise<void>;
  /** Since when the store has refused to take rows, and why; null while it takes them. */
  trouble(): { sinceMs: number; message: string } | null;
  /** Stops after the attempt under way. What has not been confirmed stays in the spool. */
  stop(): Promise<void>;
}

const backoffMsMin = 100;
const backoffMsMax = 5_000;

/**
 * Starts moving sealed segments into the store, oldest first, each table under the token
 * `<segment>:<table>`, and deletes a segment once all its tables are confirmed.
 *
 * A `TransientError` is retried for ever, with the same token. A `PermanentError` means that a row is at fault:
 * it is found by halving, under tokens that depend on nothing but the segment, and moved to `rejects`, so that its
 * neighbours are kept.
 */
export function createWriter(options: WriterOptions): Writer {
  const { spool, log, clock, segmentsAtOnce = 1 } = options;
  const stopped = new AbortController();
  let trouble: ReturnType<Writer["trouble"]> = null;

  /** Retries until the store takes it. */
  async function persist(work: () => Promise<void>): Promise<void> {
    for (let backoffMs = backoffMsMin; ; backoffMs = Math.min(backoffMs * 2, backoffMsMax)) {
      try {
        await work();
        if (trouble !== null) log.info("The store takes rows again");
        trouble = null;
        return;
      } catch (error) {
        if (error instanceof PermanentError) throw error;
        const message = error instanceof Error ? error.message : "unknown fault";
        if (trouble === null)
          log.warn({ fault: message }, "The store does not take rows; the spool keeps them");
        trouble = { sinceMs: trouble?.sinceMs ?? clock.nowMs(), message };
      }
      await pause(backoffMs, stopped.signal);
      stopped.signal.throwIfAborted();
    }
  }

  async function moveAll(): Promise<void> {
    for (;;) {
      const segment = await untilStopped(spool.next(), stopped.signal);
      if (segment === null) return;
      await moveSegment(segment, persist, options);
    }
  }

  const moving = Promise.all(Array.from({ length: segmentsAtOnce }, moveAll)).catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error;
  });

  return {
    drainedThroughMs: () => spool.drainedThroughMs(),
    async flush() {
      await spool.rotate();
      await spool.drained();
    },
    trouble: () => trouble,
    async stop() {
      stopped.abort();
      await moving;
    },
  };
}

type Persist = (work: () => Promise<void>) => Promise<void>;

async function moveSegment(segment: SealedSegment, persist: Persist, options: WriterOptions): Promise<void> {
  let rows: SegmentRows = { tables: [], claims: Buffer.alloc(0) };
  await persist(async () => {
    rows = await segment.read();
  });
  const refused = new Map<string, number>();
  await Promise.all(
    rows.tables.map(async (batch) => {
      const token = `${segment.id}:${batch.table}`;
      const count = await insertRows({ ...batch, token, segment, persist, ...options });
      if (count > 0) refused.set(batch.table, count);
    }),
  );
  await persist(() => segment.confirm(rows));
  countRows(rows, refused, options);
}

interface Insert extends TableBatch, WriterOptions {
  token: string;
  segment: SealedSegment;
  persist: Persist;
}

/** Inserts rows, and answers how many of them the store refused for good. */
async function insertRows(insert: Insert): Promise<number> {
  const { table, ndjson, token, persist, store } = insert;
  try {
    await persist(() => store.insert(table, ndjson, token));
    return 0;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const whole = Buffer.isBuffer(ndjson) ? ndjson : Buffer.concat(ndjson);
    const middle = middleLine(whole);
    if (middle === null) {
      await rejectRow(insert, whole, error);
      return 1;
    }
    const first = await insertRows({ ...insert, ndjson: whole.subarray(0, middle), token: `${token}/0` });
    return first + (await insertRows({ ...insert, ndjson: whole.subarray(middle), token: `${token}/1` }));
  }
}

const newline = 10;

/** The start of a line in the middle of the bytes; null if there is only one line. */
function middleLine(ndjson: Buffer): number | null {
  const half = Math.floor(ndjson.length / 2);
  const after = ndjson.indexOf(newline, half) + 1;
  if (after > 0 && after < ndjson.length) return after;
  const before = ndjson.lastIndexOf(newline, Math.max(0, half - 1)) + 1;
  return before > 0 ? before : null;
}

/** Keeps a refused row where a person can see it. The same row gives the same reject, whenever it is tried. */
async function rejectRow(
  { table, token, segment, persist, store, log }: Insert,
  row: Buffer,
  error: PermanentError,
) {
  const reject: RejectRow = {
    reject_id: token,
    received_at: segment.firstAcceptedMs,
    source: "store",
    content_type: "application/x-ndjson",
    reason: error.message,
    body: row.toString("base64"),
  };
  log.error({ table, token, bytes: row.length, fault: error.message }, "The store refused a row");
  const bytes = Buffer.from(`${JSON.stringify(reject)}\n`);
  await persist(async () => {
    try {
      await store.insert("rejects", bytes, `${token}:reject`);
    } catch (cause) {
      // A store that refuses even this is at fault itself: wait for a person rather than lose the row.
      throw new TransientError("Cannot keep a refused row", { cause });
    }
  });
}

function countRows(rows: SegmentRows, refused: ReadonlyMap<string, number>, { meters }: WriterOptions): void {
  const runs = rows.tables.find(({ table }) => table === "runs")?.rows ?? 0;
  meters.runsStored.inc({}, runs - (refused.get("runs") ?? 0));
  for (const [table, count] of refused) {
    meters.runsRejected.inc({ reason: table === "runs" ? "store_refused" : `store_refused_${table}` }, count);
  }
}

/** Waits, or returns at once when stopped. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}

function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(null);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
