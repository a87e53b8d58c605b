import { hourMs } from "../model/clock.ts";
import type { Score, SignalBaseline } from "./baseline.ts";
import { joinChunks } from "./chunks.ts";
import { daysIn, effectiveRuns, observed, shiftOf } from "./figures.ts";
import { isCounted } from "./layout.ts";
import { binaryDivergence } from "./math/binary-divergence.ts";
import { isShare, scoreMean } from "./score.ts";
import type { Chunk } from "./state.ts";

/** A change may hide for so many times as long as it shows, and longer where days are restless. */
const hiddenFactor = 4;

/** When a drift began, and the counts since. */
export interface Onset {
  atMs: number;
  earliestMs: number;
  latestMs: number;
  since: Chunk;
}

/**
 * Estimates when a score began to drift: the start after which the observations differ most from the
 * baseline (maximum likelihood, with the level after the change unknown), and an 80 % interval from the
 * likelihoods of all starts.
 *
 * @param chunks Oldest first, at least one.
 * @param endMs End of the last chunk.
 */
export function findOnset(
  baseline: SignalBaseline,
  score: Score,
  direction: "up" | "down",
  chunks: readonly Chunk[],
  endMs: number,
): Onset {
  const starts: Start[] = [];
  let since: Chunk | null = null;
  let nextMs = endMs;
  for (const chunk of [...chunks].reverse()) {
    since = since === null ? chunk : joinChunks(chunk, since);
    const spanMs = Math.max(nextMs - chunk.atMs, 1);
    const log = departure(baseline, score, direction, since, endMs) + Math.log(spanMs) / 4;
    starts.unshift({ chunk, since, spanMs, log });
    nextMs = chunk.atMs;
  }
  const best = starts.reduce((a, b) => (b.log > a.log ? b : a), starts[0] ?? noStart());
  const atMs = likeliestMs(baseline, score, starts, best);
  const { first, latestMs } = credible(starts);
  // It may have begun within the chunk before, but that may hold years.
  const runs = observed(baseline, score, best.since);
  const damping =
    runs > 0 ? runs / effectiveRuns(baseline, score, best.since, daysIn(best.chunk.atMs, endMs)) : 1;
  const hiddenMs = hiddenFactor * damping * (endMs - best.chunk.atMs);
  const reachMs = Math.min(starts[first - 1]?.spanMs ?? 0, hiddenMs);
  return {
    atMs,
    earliestMs: Math.min(atMs, Math.round((starts[first]?.chunk.atMs ?? atMs) - reachMs)),
    latestMs: Math.max(atMs, latestMs),
    since: best.since,
  };
}

/** A start that an onset may have: its chunk and how long that lasted, and what came since. */
interface Start {
  chunk: Chunk;
  since: Chunk;
  spanMs: number;
  log: number;
}

/** When the best start's drift began, to a part of a chunk: in that one or, where it has part in the drift, in the one before. */
function likeliestMs(baseline: SignalBaseline, score: Score, starts: readonly Start[], best: Start): number {
  const at = starts.indexOf(best);
  const level = shiftOf(baseline, score, best.since).shift;
  const part = ({ chunk }: Start): number => {
    if (level === 0) return 0;
    return Math.min(1, Math.max(0, shiftOf(baseline, score, chunk).shift / level));
  };
  // Nothing begins while nothing runs: a night after the chunk before has no part in it.
  const last = starts[at - 1];
  const early = last !== undefined && last.spanMs === activeMs(last) ? part(last) : 0;
  const late = at < starts.length - 1 ? 1 - part(best) : 0;
  const beforeMs = early < 1 / 2 ? early * (last?.spanMs ?? 0) : 0;
  return Math.round(best.chunk.atMs - beforeMs + late * activeMs(best));
}

/** How long a chunk has runs: a night may follow a few hours, and lie within more. */
function activeMs({ chunk, spanMs }: Start): number {
  return chunk.hours < 12 ? Math.min(spanMs, Math.max(chunk.hours, 1) * hourMs) : spanMs;
}

/** Damped log likelihood ratio of the level seen since a start against the baseline. */
function departure(
  baseline: SignalBaseline,
  score: Score,
  direction: "up" | "down",
  since: Chunk,
  endMs: number,
): number {
  const { shift, variance } = shiftOf(baseline, score, since);
  if (shift === 0 || shift > 0 !== (direction === "up")) return 0;
  const runs = effectiveRuns(baseline, score, since, daysIn(since.atMs, endMs));
  if (isCounted(baseline.layout)) {
    const ratio = 1 + shift;
    return runs * ((ratio > 0 ? ratio * Math.log(ratio) : 0) - shift);
  }
  if (!isShare(score.values)) return variance > 0 ? (runs * shift ** 2) / (2 * variance) : 0;
  const seen = scoreMean(score.values, since.x);
  return runs * binaryDivergence(seen, Math.min(Math.max(seen - shift, 1e-9), 1 - 1e-9));
}

/** The middle 80 % of the starts, weighted by likelihood: index of the first, and the end of the last one's chunk. */
function credible(starts: readonly Start[]): {
  first: number;
  latestMs: number;
} {
  const top = Math.max(...starts.map(({ log }) => log));
  const weights = starts.map(({ log }) => Math.exp(log - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  let below = 0;
  let first: number | null = null;
  for (const [at, { chunk, spanMs }] of starts.entries()) {
    below += (weights[at] ?? 0) / sum;
    if (first === null && below >= 0.1) first = at;
    if (below >= 0.9) return { first: first ?? at, latestMs: chunk.atMs + spanMs };
  }
  return { first: 0, latestMs: starts.at(-1)?.chunk.atMs ?? 0 };
}

function noStart(): never {
  throw new RangeError("Cannot find an onset: no observations");
}
