/**
 * The spool keeps accepted requests on disk until the store has confirmed them.
 *
 *   <dir>/<number>-<random>.seg    segments, oldest number first (layout: `segment-format.ts`); the newest may be empty
 *   <dir>/seen-<n>.ids             ids that left the spool (layout: `seen-ids-log.ts`)
 *   <dir>/pending-<n>.log          runs that wait for the root of their trace (layout: `pending-log.ts`)
 *   <dir>/quarantine/              damaged spans of segments, as they were found
 *
 * States of a segment: *prepared* is empty, made while the one before it fills up; *active* takes records; *sealed* (full,
 * old, or found at start) never changes again and waits for the writer; *confirmed* is in the store and deleted. The
 * random part of the name makes it unlike any segment of another folder or an earlier life of this one: the name is the
 * token under which the store recognises a batch that it has seen.
 */
import { mkdir } from "node:fs/promises";
import type { Logger } from "pino";
import type { Clock } from "../model/clock.ts";
import { TransientError } from "../model/errors.ts";
import type { CounterLike } from "../model/meters.ts";
import { openPendingLog } from "./pending-log.ts";
import type { PendingLog, SeenIds, Sink } from "./ports.ts";
import { type Accepted, type ActiveSegment, createActiveSegment } from "./segment-active.ts";
import { createGroupCommit } from "./group-commit.ts";
import { createSeenIds, encodeClaims } from "./seen-ids.ts";
import { openSeenIdsLog, type SeenIdsLog } from "./seen-ids-log.ts";
import { createRecordEncoder } from "./segment-format.ts";
import { lockSpool, type SpoolLock } from "./spool-lock.ts";
import { recoverSegments } from "./spool-recovery.ts";
import { createSegmentQueue, type SealedSegment, type SegmentQueue } from "./segment-queue.ts";

/** What `createSpool` needs. */
export interface SpoolOptions {
  dir: string;
  /** Past it, `append` rejects with a `TransientError`. */
  bytesMax: number;
  /** A segment is sealed once it holds this many bytes, or its first record is this old. */
  segmentBytesMax?: number | undefined;
  segmentAgeMsMax?: number | undefined;
  /** Ids remembered. */
  idsMax?: number | undefined;
  clock: Clock;
  log: Logger;
  meters: SpoolMeters;
}

/** What the spool counts. */
export interface SpoolMeters {
  /** Runs found at start: received in an earlier life of the process. */
  runsReceived: CounterLike;
  /** `damaged_record` for each damaged span of a segment. */
  dropped: CounterLike<"what">;
}

/** A durable queue of accepted rows. */
export interface Spool extends Sink {
  readonly seenIds: SeenIds;
  readonly pendingLog: PendingLog;
  /** The oldest sealed segment that has not been handed out, once there is one; null after `close`. */
  next(): Promise<SealedSegment | null>;
  /** Seals the active segment, however small. Resolves once what was appended before can be handed out. */
  rotate(): Promise<void>;
  /** Resolves once every segment sealed before the call is confirmed. */
  drained(): Promise<void>;
  /**
   * Every row accepted before this time has been confirmed, in milliseconds since the epoch. The clock is read at
   * `append`: rows must take their own time in the same turn of the event loop.
   */
  drainedThroughMs(): number;
  /** Quick enough for every scrape. Age is that of the oldest row, 0 when idle. */
  size(): { runs: number; bytes: number; ageMs: number };
  /** Lets appends in flight finish, and refuses further ones. What has not been confirmed is kept. */
  close(): Promise<void>;
}

/**
 * Opens the spool in a folder: restores the ids, cuts torn tails, quarantines damage, and queues what was left.
 *
 * @throws {PermanentError} If another process has the folder open.
 */
export async function createSpool(options: SpoolOptions): Promise<Spool> {
  const { dir, idsMax = 1_000_000, log, meters } = options;
  const seenIds = createSeenIds(idsMax);
  const restore = (fingerprints: Buffer) => seenIds.restore(fingerprints);
  const onDamage = (spans: number) => {
    meters.dropped.inc({ what: "damaged_record" }, spans);
    log.error({ spans }, "Moved damaged records of the spool to its quarantine folder");
  };
  await mkdir(dir, { recursive: true });
  const lock = await lockSpool(dir);
  const idsLog = await openSeenIdsLog(dir, idsMax, restore);
  const pendingLog = await openPendingLog({ dir, onDamage });
  const queue = createSegmentQueue({ dir, idsLog, onDamage });
  const lastNumber = await recoverSegments({ dir, log, restore, onDamage, push: queue.push });
  meters.runsReceived.inc({}, queue.size().runs);
  const segments = createActiveSegment(options, queue, lastNumber);
  return assembleSpool(options, { seenIds, idsLog, pendingLog, queue, segments, lock });
}

interface Parts {
  seenIds: SeenIds;
  idsLog: SeenIdsLog;
  pendingLog: PendingLog;
  queue: SegmentQueue;
  segments: ActiveSegment;
  lock: SpoolLock;
}

function assembleSpool(
  { bytesMax, clock }: SpoolOptions,
  { seenIds, idsLog, pendingLog, queue, segments, lock }: Parts,
): Spool {
  const commits = createGroupCommit<Accepted>({ commit: segments.commit, afterwards: segments.sealIfDue });
  segments.onDue(commits.nudge);
  const encodeRecord = createRecordEncoder();
  let bytesUnderWay = 0;
  let isClosed = false;

  const bytes = () => queue.size().bytes + segments.size().bytes + bytesUnderWay;
  const oldestMs = () =>
    earliest(queue.oldestMs(), segments.size().firstAcceptedMs, commits.underWay().oldest?.acceptedAtMs);

  async function rotate(): Promise<void> {
    // Rows whose write fails were not accepted: there is nothing of them to wait for.
    await commits.add({ record: null, runs: 0, acceptedAtMs: clock.nowMs() }).catch(() => undefined);
    const sealed = segments.wantSeal();
    commits.nudge();
    await sealed;
  }

  return {
    seenIds,
    pendingLog,
    async append(batch, claims) {
      if (isClosed) throw new TransientError("Cannot keep rows: the sidecar is stopping");
      if (bytes() >= bytesMax) {
        throw new TransientError(`Cannot keep rows: the spool is at its limit of ${bytesMax} bytes`);
      }
      const acceptedAtMs = clock.nowMs();
      const isEmpty = claims.length === 0 && Object.values(batch).every((rows) => rows.length === 0);
      const record = isEmpty ? null : encodeRecord(acceptedAtMs, encodeClaims(claims), batch);
      const recordBytes = record?.length ?? 0;
      bytesUnderWay += recordBytes;
      try {
        await commits.add({ record, runs: batch.runs?.length ?? 0, acceptedAtMs });
      } catch (cause) {
        throw new TransientError("Cannot keep rows: the disk refused them", { cause });
      } finally {
        bytesUnderWay -= recordBytes;
      }
    },
    rotate,
    next: () => queue.next(),
    drained: () => queue.drained(),
    drainedThroughMs: () => oldestMs() ?? clock.nowMs(),
    size() {
      const oldest = oldestMs();
      return {
        runs: queue.size().runs + segments.size().runs,
        bytes: bytes(),
        ageMs: oldest === null ? 0 : Math.max(0, clock.nowMs() - oldest),
      };
    },
    async close() {
      isClosed = true;
      await rotate();
      queue.close();
      await Promise.all([segments.close(), idsLog.close(), pendingLog.close()]);
      await lock.release();
    },
  };
}

function earliest(...times: (number | null | undefined)[]): number | null {
  const known = times.filter((time) => typeof time === "number");
  return known.length === 0 ? null : Math.min(...known);
}
