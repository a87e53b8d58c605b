import { ProtoWriter } from "./otlp/proto-writer.ts";
import type { OtlpSignal } from "./send.ts";

/** Something to send. */
export interface Item {
  signal: OtlpSignal;
  /** Memory it holds before it is encoded, in bytes. */
  bytes: number;
  encode(writer: ProtoWriter): void;
}

/** Encoded items of one signal, one after the other. */
export interface Parcel {
  signal: OtlpSignal;
  bytes: Buffer;
  /** Where each item ends in `bytes`, ascending. */
  ends: readonly number[];
}

interface Writing {
  writer: ProtoWriter;
  ends: number[];
}

/** Items that travel together, encoded as they come. */
export class Batch {
  readonly #traces: Writing;
  readonly #logs: Writing = { writer: new ProtoWriter(512), ends: [] };

  /** @param bytesExpected Room to begin with, so that growing does not copy. */
  constructor(bytesExpected = 0) {
    this.#traces = { writer: new ProtoWriter(Math.max(16_384, bytesExpected)), ends: [] };
  }

  get items(): number {
    return this.#traces.ends.length + this.#logs.ends.length;
  }

  get bytes(): number {
    return this.#traces.writer.length + this.#logs.writer.length;
  }

  /** @throws Whatever encoding throws; nothing of the item is kept then. */
  add(item: Item): void {
    const { writer, ends } = item.signal === "traces" ? this.#traces : this.#logs;
    const start = writer.length;
    try {
      item.encode(writer);
      ends.push(writer.length);
    } catch (error) {
      writer.cutTo(start);
      throw error;
    }
  }

  /** Gives back the room that was not needed, for a batch that has to wait. */
  shrink(): void {
    this.#traces.writer.shrink();
    this.#logs.writer.shrink();
  }

  /** Runs first, so that they are there before the reviews and outcomes that speak of them. */
  parcels(): Parcel[] {
    const parcels: Parcel[] = [
      { signal: "traces", bytes: this.#traces.writer.bytes(), ends: this.#traces.ends },
      { signal: "logs", bytes: this.#logs.writer.bytes(), ends: this.#logs.ends },
    ];
    return parcels.filter(({ ends }) => ends.length > 0);
  }
}

/** Two parcels of half the items each. `parcel` has two items or more. */
export function halve({ signal, bytes, ends }: Parcel): [Parcel, Parcel] {
  const half = ends.length >> 1;
  const at = ends[half - 1] ?? 0;
  return [
    { signal, bytes: bytes.subarray(0, at), ends: ends.slice(0, half) },
    { signal, bytes: bytes.subarray(at), ends: ends.slice(half).map((end) => end - at) },
  ];
}
