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

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /** What was written so far. It stays valid until the next write. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  /** Takes back what was written after `length`, after a write that failed in the middle. */
  cutTo(length: number): void {
    this.#end = length;
  }

  /** Gives back the room that was not needed. */
  shrink(): void {
    const exact = Buffer.allocUnsafeSlow(this.#end);
    this.#buffer.copy(exact, 0, 0, this.#end);
    this.#buffer = exact;
  }

  /** Opens a nested message. @returns what `close` takes. */
  open(field: number): number {
    this.#reserve(6);
    this.#varint(field * 8 + 2);
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
    if (text.length > shortChars || !this.#ascii(text)) {
      this.#end = start + this.#buffer.write(text, start, "utf8");
    }
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
    this.#reserve(15);
    this.#varint(field * 8);
    this.#varint(value);
  }

  /** An int64 field of a whole number from -2^53 to 2^53; a negative one takes ten bytes. */
  int(field: number, value: number): void {
    if (value >= 0) {
      this.uint(field, value);
      return;
    }
    this.#reserve(15);
    this.#varint(field * 8);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#buffer[this.#end++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.#end++] = Number(rest);
  }

  double(field: number, value: number): void {
    this.#reserve(13);
    this.#varint(field * 8 + 1);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  /** A fixed64 field holding a time: milliseconds since the epoch in, nanoseconds on the wire. */
  time(field: number, ms: number): void {
    this.#reserve(13);
    this.#varint(field * 8 + 1);
    // Microseconds fit into a number, nanoseconds do not: they are multiplied in two halves.
    const micros = Math.round(ms * 1000);
    const low = (micros % 2 ** 32) * 1000;
    const high = Math.floor(micros / 2 ** 32) * 1000 + Math.floor(low / 2 ** 32);
    this.#end = this.#buffer.writeUInt32LE(low % 2 ** 32, this.#end);
    this.#end = this.#buffer.writeUInt32LE(high % 2 ** 32, this.#end);
  }

  /** Writes short text faster than the native call does. @returns False, and writes nothing, unless ASCII. */
  #ascii(text: string): boolean {
    const end = this.#end;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) return false;
      this.#buffer[end + index] = code;
    }
    this.#end = end + text.length;
    return true;
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

const shortChars = 40;

/** Bytes a varint takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  return length;
}
