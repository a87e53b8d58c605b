/** Large buffers that are used again. */
export interface BufferPool {
  /** A buffer of so many bytes, with anything in it. */
  take(bytes: number): Buffer;
  /** Takes back what was taken, which nobody may use any more. */
  give(buffer: Buffer): void;
}

/** Smaller ones cost little. */
const bytesMin = 1024 * 1024;
const keptBytesMax = 80 * 1024 * 1024;

/**
 * Creates an empty pool, which keeps the largest buffer that it gets back. Fresh megabytes cost page faults; and buffers that
 * live as long as an insert outlive the young objects, so that nothing but a full collection frees them, of which each holds
 * up the event loop.
 */
export function createBufferPool(): BufferPool {
  let kept: ArrayBufferLike | null = null;
  return {
    take(bytes) {
      if (bytes < bytesMin) return Buffer.allocUnsafeSlow(bytes);
      // With room to spare, since segments are all but equally long.
      const memory =
        kept !== null && kept.byteLength >= bytes ? kept : new ArrayBuffer(Math.ceil(bytes * 1.125));
      if (memory === kept) kept = null;
      return Buffer.from(memory, 0, bytes);
    },
    give({ buffer }) {
      if (buffer.byteLength < bytesMin || buffer.byteLength > keptBytesMax) return;
      if (kept === null || kept.byteLength < buffer.byteLength) kept = buffer;
    },
  };
}
