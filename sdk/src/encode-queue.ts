import type { ProtoWriter } from "./otlp/proto-writer.ts";
import type { OtlpSignal } from "./send.ts";

/** Something to send. */
export interface Item {
  signal: OtlpSignal;
  /** Memory it holds, in bytes. */
  bytes: number;
  encode(writer: ProtoWriter): void;
}

/** An encoded item. */
export interface Chunk {
  signal: OtlpSignal;
  bytes: Buffer;
}

/** Who is told what became of an item; `chunk` is null where it could not be encoded. */
export type OnEncoded = (item: Item, chunk: Chunk | null) => void;

const sliceMs = 2;

/** Encodes items later, in the order they came, a slice of two milliseconds between the host's own events. */
export class EncodeQueue {
  #waiting: Item[] = [];
  #head = 0;
  #scheduled = false;
  readonly #writer: ProtoWriter;
  readonly #onEncoded: OnEncoded;
  readonly #onSliceEnd: () => void;

  constructor(writer: ProtoWriter, onEncoded: OnEncoded, onSliceEnd: () => void) {
    this.#writer = writer;
    this.#onEncoded = onEncoded;
    this.#onSliceEnd = onSliceEnd;
  }

  /** Costs no more than a push. */
  push(item: Item): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not unref'd: an idle host would sleep on with the run half captured.
    setImmediate(() => this.#encodeSlice());
  }

  #encodeSlice(): void {
    this.#scheduled = false;
    const endMs = performance.now() + sliceMs;
    while (this.#head < this.#waiting.length && performance.now() < endMs) {
      const item = this.#waiting[this.#head++];
      if (item !== undefined) this.#onEncoded(item, this.#encode(item));
    }
    if (this.#head < this.#waiting.length) {
      this.#schedule();
    } else {
      this.#waiting = [];
      this.#head = 0;
    }
    this.#onSliceEnd();
  }

  #encode(item: Item): Chunk | null {
    try {
      item.encode(this.#writer);
      return { signal: item.signal, bytes: this.#writer.take() };
    } catch {
      this.#writer.reset();
      return null;
    }
  }
}
