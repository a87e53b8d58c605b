import { Batch, type Item } from "./batch.ts";
import { Delivery, type DeliveryParts } from "./delivery.ts";
import { SliceQueue } from "./slice-queue.ts";
import { countDrop, type Stats } from "./stats.ts";

/** What a pipeline is built from. */
export interface PipelineParts extends DeliveryParts {
  stats: Stats;
  /** Longest time an item waits for company, in milliseconds. */
  sendIntervalMs: number;
  queueBytesMax: number;
  queueItemsMax: number;
}

const batchBytes = 4 * 1024 * 1024;
const batchItems = 5000;

/**
 * The way of a run from the host's call to the sidecar:
 *
 *   enqueue → captured → encoded → in flight → delivered, or dropped and counted
 *
 * One request is in flight at a time, and items leave in the order they came. The timers are unref'd, so a
 * run that waits to be sent does not keep the host alive by itself; `flush` does, up to its deadline.
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #queue: SliceQueue<Item>;
  readonly #delivery: Delivery;
  readonly #flushes = new Set<() => void>();
  /** Full batches, oldest first, and the one that is being filled. */
  #full: Batch[] = [];
  #open = new Batch();
  /** Items taken, and dealt with, since the start. Flushes wait for `#done` to reach `#flushThrough`. */
  #taken = 0;
  #done = 0;
  #flushThrough = 0;
  #closed = false;
  #sending = false;
  #due = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#delivery = new Delivery(parts);
    this.#queue = new SliceQueue(
      (item) => this.#encode(item),
      () => this.#sendIfDue(),
    );
  }

  /** Takes an item, or counts it as dropped where there is no room. Costs no more than a push. */
  enqueue(item: Item): void {
    const { stats, queueBytesMax, queueItemsMax } = this.#parts;
    const bytes = stats.waitingBytes + item.bytes;
    if (this.#closed) {
      countDrop(stats, "shut_down");
    } else if (bytes > queueBytesMax || stats.waiting >= queueItemsMax) {
      countDrop(stats, "queue_full");
    } else {
      stats.waiting += 1;
      stats.waitingBytes = bytes;
      this.#taken += 1;
      this.#queue.push(item);
    }
  }

  /** Sends everything taken so far. @returns False if not all of it was dealt with before the deadline. */
  flush(timeoutMs: number): Promise<boolean> {
    const target = this.#taken;
    if (this.#done >= target) return Promise.resolve(true);
    this.#flushThrough = target;
    this.#delivery.wake();
    this.#sendIfDue();
    return new Promise((resolve) => {
      const settle = (complete: boolean): void => {
        clearTimeout(deadline);
        this.#flushes.delete(check);
        resolve(complete);
      };
      const check = (): void => {
        if (this.#done >= target) settle(true);
      };
      const deadline = setTimeout(() => settle(false), timeoutMs);
      this.#flushes.add(check);
    });
  }

  /** Refuses new items, sends the rest until the deadline, and drops what is left then. */
  async close(timeoutMs: number): Promise<boolean> {
    this.#closed = true;
    const complete = await this.flush(timeoutMs);
    if (!complete) this.#delivery.abandon();
    return complete;
  }

  #encode(item: Item): void {
    const { stats } = this.#parts;
    const before = this.#open.bytes;
    try {
      this.#open.add(item);
    } catch {
      countDrop(stats, "capture_failed");
      this.#settle(1, item.bytes);
      return;
    }
    stats.waitingBytes += this.#open.bytes - before - item.bytes;
    if (this.#open.bytes >= batchBytes || this.#open.items >= batchItems) this.#closeBatch();
  }

  #closeBatch(): void {
    if (this.#sending) this.#open.shrink();
    this.#full.push(this.#open);
    // Batches of one host are much alike.
    this.#open = new Batch(this.#open.bytes);
  }

  /** Starts sending if there is reason to, or sees to it that time will bring one. */
  #sendIfDue(): void {
    if (this.#sending) return;
    if (this.#open.items > 0 && (this.#due || this.#done < this.#flushThrough)) {
      this.#due = false;
      this.#closeBatch();
    }
    const batch = this.#full.shift();
    if (batch !== undefined) {
      this.#sending = true;
      void this.#send(batch).finally(() => {
        this.#sending = false;
        this.#sendIfDue();
      });
    } else if (this.#open.items > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = null;
        this.#due = true;
        this.#sendIfDue();
      }, this.#parts.sendIntervalMs).unref();
    }
  }

  async #send(batch: Batch): Promise<void> {
    for (const parcel of batch.parcels()) {
      await this.#delivery.deliver(parcel);
      this.#settle(parcel.ends.length, parcel.bytes.length);
    }
  }

  #settle(count: number, bytes: number): void {
    this.#done += count;
    this.#parts.stats.waiting -= count;
    this.#parts.stats.waitingBytes -= bytes;
    for (const check of this.#flushes) check();
  }
}
