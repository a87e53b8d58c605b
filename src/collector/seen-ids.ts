import { hash } from "node:crypto";
import type { SeenIds } from "./ports.ts";

/**
 * Ids are held as fingerprints: the first 64 bits of their SHA-1. With a million held, two different ids are taken
 * for the same once in 10^13 claims.
 */
export interface Fingerprint {
  high: number;
  low: number;
}

/** `SeenIds` that can be filled from fingerprints on disk. */
export interface RestorableSeenIds extends SeenIds {
  /** Remembers fingerprints, 8 bytes each, oldest first. */
  restore(fingerprints: Buffer): void;
}

/** The fingerprint of an id. */
export function fingerprint(id: string): Fingerprint {
  // As text: a digest in a buffer of its own costs more to collect than to compute.
  const digest = hash("sha1", id, "binary");
  const low = readUInt32BE(digest, 0);
  const high = readUInt32BE(digest, 4);
  // All zero marks a free slot.
  return { low: low === 0 && high === 0 ? 1 : low, high };
}

function readUInt32BE(bytes: string, at: number): number {
  const code = (index: number) => bytes.charCodeAt(at + index);
  return ((code(0) << 24) | (code(1) << 16) | (code(2) << 8) | code(3)) >>> 0;
}

/** The fingerprints of ids as bytes, 8 each, in order. */
export function encodeClaims(ids: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(ids.length * 8);
  ids.forEach((id, i) => {
    const { low, high } = fingerprint(id);
    bytes.writeUInt32LE(low, i * 8);
    bytes.writeUInt32LE(high, i * 8 + 4);
  });
  return bytes;
}

/**
 * Remembers at least the last `idsMax / 2` and at most `idsMax` ids, in two generations: when the younger is full,
 * the older is forgotten. Takes 16 bytes an id, allocated at once.
 */
export function createSeenIds(idsMax = 1_000_000): RestorableSeenIds {
  const generationMax = Math.max(1, Math.floor(idsMax / 2));
  let younger = createFingerprintSet(generationMax);
  let older = createFingerprintSet(generationMax);

  function remember(id: Fingerprint): boolean {
    if (older.has(id) || !younger.add(id)) return false;
    if (younger.size() >= generationMax) {
      [younger, older] = [older, younger];
      younger.clear();
    }
    return true;
  }

  return {
    claim: (id) => remember(fingerprint(id)),
    release(id) {
      const known = fingerprint(id);
      younger.remove(known);
      older.remove(known);
    },
    restore(fingerprints) {
      for (let at = 0; at + 8 <= fingerprints.length; at += 8) {
        remember({ low: fingerprints.readUInt32LE(at), high: fingerprints.readUInt32LE(at + 4) });
      }
    },
  };
}

interface FingerprintSet {
  has(id: Fingerprint): boolean;
  /** False if it was there. */
  add(id: Fingerprint): boolean;
  remove(id: Fingerprint): void;
  clear(): void;
  size(): number;
}

/** An open-addressing hash set with linear probing, at most half full. */
function createFingerprintSet(sizeMax: number): FingerprintSet {
  const slots = 2 ** Math.ceil(Math.log2(sizeMax * 2));
  const mask = slots - 1;
  const lows = new Uint32Array(slots);
  const highs = new Uint32Array(slots);
  let size = 0;

  const isFree = (slot: number) => lows[slot] === 0 && highs[slot] === 0;

  /** The slot of an id, or the free slot where it belongs. */
  function find(id: Fingerprint): number {
    let slot = id.low & mask;
    while (!isFree(slot) && (lows[slot] !== id.low || highs[slot] !== id.high)) slot = (slot + 1) & mask;
    return slot;
  }

  return {
    has: (id) => !isFree(find(id)),
    add(id) {
      const slot = find(id);
      if (!isFree(slot)) return false;
      lows[slot] = id.low;
      highs[slot] = id.high;
      size++;
      return true;
    },
    remove(id) {
      let hole = find(id);
      if (isFree(hole)) return;
      size--;
      // Close the gap: an entry whose probe passed over the hole moves into it.
      for (let slot = (hole + 1) & mask; !isFree(slot); slot = (slot + 1) & mask) {
        const home = (lows[slot] ?? 0) & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
        lows[hole] = lows[slot] ?? 0;
        highs[hole] = highs[slot] ?? 0;
        hole = slot;
      }
      lows[hole] = 0;
      highs[hole] = 0;
    },
    clear() {
      lows.fill(0);
      highs.fill(0);
      size = 0;
    },
    size: () => size,
  };
}
