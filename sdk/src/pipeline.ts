import { Delivery, type DeliveryParts } from "./delivery.ts";
import { type Chunk, EncodeQueue, type Item } from "./encode-queue.ts";
import type { ProtoWriter } from "./otlp/proto-writer.ts";
import { countDrop, type Stats } from "./stats.ts";

/** What a pipeline is built from. */
export interface PipelineParts extends DeliveryParts {
  writer: ProtoWriter;
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
  readonly #encodeQueue: EncodeQueue;
  readonly #delivery: Delivery;
  readonly #flushes = new Set<() => void>();
  #encoded: Chunk[] = [];
  #encodedBytes = 0;
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
    this.#encodeQueue = new EncodeQueue(
      parts.writer,
      (item, chunk) => this.#keep(item, chunk),
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
      this.#encodeQueue.push(item);
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

  #keep(item: Item, chunk: Chunk | null): void {
    if (chunk === null) {
      countDrop(this.#parts.stats, "capture_failed");
      this.#settle(1, item.bytes);
      return;
    }
    this.#encoded.push(chunk);
    this.#encodedBytes += chunk.bytes.length;
    this.#parts.stats.waitingBytes += chunk.bytes.length - item.bytes;
  }

  /** Starts sending if there is reason to, or sees to it that time will bring one. */
  #sendIfDue(): void {
    if (this.#sending || this.#encoded.length === 0) return;
    const full = this.#encodedBytes >= batchBytes || this.#encoded.length >= batchItems;
    if (full || this.#due || this.#done < this.#flushThrough) {
      this.#sending = true;
      void this.#sendBatch().finally(() => {
        this.#sending = false;
        this.#sendIfDue();
      });
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#due = true;
      this.#sendIfDue();
    }, this.#parts.sendIntervalMs).unref();
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#takeBatch();
    if (this.#encoded.length === 0) this.#due = false;
    // Runs go before the reviews and outcomes that speak of them.
    for (const signal of ["traces", "logs"] as const) {
      const chunks = batch.filter((chunk) => chunk.signal === signal).map((chunk) => chunk.bytes);
      if (chunks.length === 0) continue;
      await this.#delivery.deliver(signal, chunks);
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      this.#settle(chunks.length, bytes);
    }
  }

  #takeBatch(): Chunk[] {
    let count = 0;
    let bytes = 0;
    for (const chunk of this.#encoded) {
      if (count === batchItems || (count > 0 && bytes + chunk.bytes.length > batchBytes)) break;
      count += 1;
      bytes += chunk.bytes.length;
    }
    this.#encodedBytes -= bytes;
    return this.#encoded.splice(0, count);
  }

  #settle(count: number, bytes: number): void {
    this.#done += count;
    this.#parts.stats.waiting -= count;
    this.#parts.stats.waitingBytes -= bytes;
    for (const check of this.#flushes) check();
  }
}
