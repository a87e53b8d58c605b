import { createSegmentMaker, type SegmentFile } from "./segment-maker.ts";
import type { SegmentQueue } from "./segment-queue.ts";

/** One accepted request on its way to disk. */
export interface Accepted {
  /** Null for a request that added nothing but wants to know when those before it are safe. */
  record: Buffer | null;
  runs: number;
  acceptedAtMs: number;
}

/** The segment that takes records: opened by the first, sealed when it is full or old. */
export interface ActiveSegment {
  commit: (group: readonly Accepted[]) => Promise<void>;
  /** Hands the segment to the queue if it is full, old or wanted. */
  sealIfDue: () => void;
  /** Makes the next `sealIfDue` seal the segment, whatever its size. Resolves when it has. */
  wantSeal(): Promise<void>;
  /** Sets what to call when the segment has become old. */
  onDue(nudge: () => void): void;
  size(): { bytes: number; runs: number; firstAcceptedMs: number | null };
  /** Removes the next segment where it was made ahead. */
  close(): Promise<void>;
}

/** Limits past which a segment is sealed. */
export interface SegmentLimits {
  dir: string;
  segmentBytesMax?: number | undefined;
  segmentAgeMsMax?: number | undefined;
}

interface Active {
  file: SegmentFile;
  firstAcceptedMs: number;
  runs: number;
  timer: NodeJS.Timeout;
}

/** Creates the active segment of a folder. Its calls must not overlap; `createGroupCommit` sees to that. */
export function createActiveSegment(
  { dir, segmentBytesMax = 64 * 1024 * 1024, segmentAgeMsMax = 1000 }: SegmentLimits,
  queue: SegmentQueue,
  lastNumber: number,
): ActiveSegment {
  const maker = createSegmentMaker(dir, lastNumber);
  let active: Active | null = null;
  let isSealWanted = false;
  let sealWaiters: (() => void)[] = [];
  let nudge: () => void = () => undefined;

  async function open(firstAcceptedMs: number): Promise<Active> {
    const file = await maker.take();
    const timer = setTimeout(() => {
      isSealWanted = true;
      nudge();
    }, segmentAgeMsMax);
    return { file, firstAcceptedMs, runs: 0, timer };
  }

  function seal({ file, firstAcceptedMs, runs, timer }: Active) {
    active = null;
    clearTimeout(timer);
    queue.push({ id: file.id, path: file.path, bytes: file.bytes(), firstAcceptedMs, runs });
    // No request waits for it: what is in the file is durable, also where it cannot be closed.
    file.close().catch(() => undefined);
  }

  return {
    async commit(group) {
      const kept = group.filter(({ record }) => record !== null);
      if (kept.length === 0) return;
      const firstAcceptedMs = Math.min(...kept.map(({ acceptedAtMs }) => acceptedAtMs));
      active ??= await open(firstAcceptedMs);
      await active.file.append(kept.flatMap(({ record }) => record ?? []));
      active.firstAcceptedMs = Math.min(active.firstAcceptedMs, firstAcceptedMs);
      active.runs += kept.reduce((sum, { runs }) => sum + runs, 0);
      if (active.file.bytes() * 2 >= segmentBytesMax) maker.prepare();
    },
    sealIfDue() {
      const isDue = isSealWanted || (active?.file.bytes() ?? 0) >= segmentBytesMax;
      const waiters = sealWaiters;
      isSealWanted = false;
      sealWaiters = [];
      if (active !== null && isDue) seal(active);
      for (const resolve of waiters) resolve();
    },
    wantSeal() {
      isSealWanted = true;
      return new Promise((resolve) => sealWaiters.push(resolve));
    },
    onDue(callback) {
      nudge = callback;
    },
    size: () => ({
      bytes: active?.file.bytes() ?? 0,
      runs: active?.runs ?? 0,
      firstAcceptedMs: active?.firstAcceptedMs ?? null,
    }),
    close: () => maker.close(),
  };
}
