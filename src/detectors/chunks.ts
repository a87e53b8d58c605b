import type { Chunk } from "./state.ts";

/** Chunks kept for today, and for the days before. */
export const todayMax = 7;
export const earlierMax = 4;

/** A chunk with what the plug-ins say of it. */
export function withPlugins({ atMs, n, hours, x, e, late }: Chunk, d: number[] | undefined): Chunk {
  return { atMs, n, hours, x, e, d, late };
}

/** Adds two successive chunks. */
export function joinChunks(a: Chunk, b: Chunk): Chunk {
  return {
    atMs: a.atMs,
    n: rounded(a.n + b.n),
    hours: a.hours + b.hours,
    x: a.x.map((count, k) => count + (b.x[k] ?? 0)),
    e: a.e?.map((count, k) => rounded(count + (b.e?.[k] ?? 0))),
    d: a.d?.map((log, at) => rounded(log + (b.d?.[at] ?? 0))),
    late: a.late,
  };
}

/** Four digits: rounding keeps the state small and hardly moves an expectation. */
export function rounded(value: number): number {
  const size = Math.abs(value);
  const scale = size < 0.1 ? 1e6 : size < 1 ? 1e5 : size < 10 ? 1e3 : size < 100 ? 1e2 : size < 1000 ? 10 : 1;
  return Math.round(value * scale) / scale;
}

/**
 * Drops starts until no more than `max` chunks remain from an index on: each time the start whose two sides are smallest
 * beside what came after, so that recent starts stay close together and old ones far apart.
 */
export function thinChunks(chunks: Chunk[], max: number, from = 0): Chunk[] {
  while (chunks.length - from > max) {
    const last = chunks.length - 1;
    let after = chunks[last]?.n ?? 0;
    let best = from;
    let bestRatio = Infinity;
    for (let at = last - 2; at >= from; at--) {
      after += at + 2 === last ? 0 : (chunks[at + 2]?.n ?? 0);
      const size = (chunks[at]?.n ?? 0) + (chunks[at + 1]?.n ?? 0);
      const ratio = size / (after + 1e-9);
      if (ratio >= bestRatio) continue;
      bestRatio = ratio;
      best = at;
    }
    const [a, b] = [chunks[best], chunks[best + 1]];
    if (a === undefined || b === undefined) return chunks;
    chunks.splice(best, 2, joinChunks(a, b));
  }
  return chunks;
}
