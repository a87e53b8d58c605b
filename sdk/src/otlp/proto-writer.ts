/**
 * Writes the protobuf wire format into one growing buffer.
 *
 * A nested message is written between `open` and `close`: one byte is kept for its length, and the rare
 * longer message is moved up when it closes, so nothing is measured beforehand or copied twice.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoWriter {
  #buffer: Buffer;
  #end = 0;

  constructor(bytesInitial = 4096) {
    this.#buffer = Buffer.allocUnsafe(bytesInitial);
  }

  /** What was written so far, as a copy; the writer starts over. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#end));
    this.#end = 0;
    return bytes;
  }

  /** Starts over without a result, after a write that failed in the middle. */
  reset(): void {
    this.#end = 0;
  }

  /** Opens a nested message. @returns what `close` takes. */
  open(field: number): number {
    this.#tag(field, 2);
    this.#reserve(1);
    this.#end += 1;
    return this.#end;
  }

  close(start: number): void {
    const length = this.#end - start;
    const extra = varintLength(length) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#buffer.copyWithin(start + extra, start, this.#end);
    }
    this.#end = start - 1;
    this.#varint(length);
    this.#end += length;
  }

  /** A string field, as UTF-8; lone surrogates become U+FFFD. */
  string(field: number, text: string): void {
    const start = this.open(field);
    this.#reserve(text.length * 3);
    this.#end += this.#buffer.write(text, start, "utf8");
    this.close(start);
  }

  /** A bytes field given as hexadecimal text. */
  hex(field: number, text: string): void {
    const start = this.open(field);
    this.#reserve(text.length / 2);
    this.#end += this.#buffer.write(text, start, "hex");
    this.close(start);
  }

  /** Bytes that are protobuf already. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A varint field. `value` is a whole number from 0 to 2^53 - 1. */
  uint(field: number, value: number): void {
    this.#tag(field, 0);
    this.#reserve(10);
    this.#varint(value);
  }

  /** An int64 field; a negative number takes ten bytes. */
  int(field: number, value: number): void {
    if (value >= 0) {
      this.uint(field, value);
      return;
    }
    this.#tag(field, 0);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#buffer[this.#end++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.#end++] = Number(rest);
  }

  double(field: number, value: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  /** A fixed64 field holding a time: milliseconds since the epoch in, nanoseconds on the wire. */
  time(field: number, ms: number): void {
    this.#tag(field, 1);
    this.#reserve(8);
    const ns = BigInt(Math.round(ms * 1000)) * 1000n;
    this.#end = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, ns), this.#end);
  }

  #tag(field: number, wireType: number): void {
    this.#reserve(5);
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#end++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#end++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}

/** Bytes a varint takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  return length;
}
