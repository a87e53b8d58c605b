import { rawCounts, type SignalBucket, signalId, total } from "../model/signal.ts";
import type { Drift, SignalVerdict, Stable } from "../model/verdict.ts";
import { learnDefaults, type Score, type SignalBaseline } from "./baseline.ts";
import { smallest } from "./boundary.ts";
import { figure, shiftOf, unitOf } from "./figures.ts";
import { binIndex, coarseCounts } from "./layout.ts";
import { learnBaseline } from "./learn.ts";
import { normalCdf } from "./math/normal-cdf.ts";
import { isShare, scoreMean, scoreVariance } from "./score.ts";
import { scoreShapes } from "./shape.ts";
import type { Chunk } from "./state.ts";

/** Observations on either side below which a signal is not compared. */
export const compareRunsMin = 30;
/** Chance that any signal differs by chance alone. */
const familyError = 0.01;

/**
 * Compares two batches that were made side by side, such as two prompt versions on the same frozen inputs.
 *
 * Unlike `step` this is a test of fixed samples: two-sample score tests, corrected (Holm) over all scores of
 * all signals. A difference must also be large enough to matter. Volume is not compared.
 *
 * @param a Buckets of the reference. @param b Buckets of the candidate; times do not matter.
 */
export function compareBatches(a: readonly SignalBucket[], b: readonly SignalBucket[]): SignalVerdict[] {
  const reference = learnBaseline(
    a.filter(({ kind }) => kind !== "volume").map((bucket) => ({ ...bucket, startMs: 0 })),
    { ...learnDefaults, runsMin: compareRunsMin, labelsMin: compareRunsMin, bucketMs: 1 },
  );
  const [references, candidates] = [bySignal(a), bySignal(b)];
  const tests = reference.signals.flatMap((signal) => {
    const id = signalId({ ...signal, workflow: reference.workflow });
    return testSignal(signal, references.get(id) ?? [], candidates.get(id) ?? []);
  });
  const rejected = holm(tests, familyError);
  return allKeys(a, b).map((key) => {
    const own = tests.filter(({ signal }) => signal.kind === key.kind && signal.field === key.field);
    const workflow = key.workflow;
    const signal = { workflow, kind: key.kind, field: key.field };
    if (own.length === 0) {
      const runs = Math.min(observations(a, key), observations(b, key));
      return { signal, atMs: 0, verdict: { kind: "insufficient", runs, runsMin: compareRunsMin } };
    }
    const best = own.reduce((left, right) =>
      weightOf(right, rejected) > weightOf(left, rejected) ? right : left,
    );
    return { signal, atMs: 0, verdict: verdictOf(best, rejected.has(best)) };
  });
}

interface Test {
  signal: SignalBaseline;
  score: Score;
  /** What was counted on either side. */
  before: Chunk;
  chunk: Chunk;
  pValue: number;
  /** Difference in units of the smallest that matters, with its sign. */
  effect: number;
}

function bySignal(buckets: readonly SignalBucket[]): Map<string, SignalBucket[]> {
  const groups = new Map<string, SignalBucket[]>();
  for (const bucket of buckets) {
    if (bucket.kind === "volume") continue;
    groups.set(signalId(bucket), [...(groups.get(signalId(bucket)) ?? []), bucket]);
  }
  return groups;
}

function chunkOf({ layout, shares }: SignalBaseline, buckets: readonly SignalBucket[]): Chunk {
  const n = buckets.reduce((sum, { counts }) => sum + total(counts), 0);
  const x = coarseCounts(binIndex(layout), shares.length, Object.fromEntries(rawCounts(buckets)));
  return { atMs: 0, n, hours: 1, x };
}

function testSignal(
  signal: SignalBaseline,
  references: readonly SignalBucket[],
  candidates: readonly SignalBucket[],
): Test[] {
  const flat = { ...signal, strata: null, ages: null };
  const [before, chunk] = [chunkOf(flat, references), chunkOf(flat, candidates)];
  const { n, x } = chunk;
  if (n < compareRunsMin) return [];
  const shapes = scoreShapes(flat.layout, flat.shares);
  const told = flat.scores.filter(({ values }) => flat.layout.shape !== "category" || isShare(values));
  return told.map((noisy) => {
    const score = { ...noisy, rhoDay: 0, rhoHour: 0, rhoDayStrict: 0, rhoHourStrict: 0 };
    const { shift } = shiftOf(flat, score, chunk);
    const pooled = flat.shares.map((share, k) => share * flat.runs + (x[k] ?? 0));
    const variance = scoreVariance(score.values, pooled);
    const z = variance > 0 ? Math.abs(shift) / Math.sqrt(variance * (1 / n + 1 / flat.runs)) : 0;
    const effect = shapes.find(({ of }) => of === score.of)?.effect ?? { deviations: 0.1 };
    const unit = smallest(
      effect,
      scoreMean(score.values, flat.shares),
      scoreVariance(score.values, flat.shares),
    );
    return { signal: flat, score, before, chunk, pValue: 2 * (1 - normalCdf(z)), effect: shift / unit };
  });
}

/** The tests that Holm's procedure rejects and whose difference matters. */
function holm(tests: readonly Test[], alpha: number): Set<Test> {
  const sorted = [...tests].sort((a, b) => a.pValue - b.pValue);
  const rejected = new Set<Test>();
  for (const [rank, test] of sorted.entries()) {
    if (test.pValue > alpha / (sorted.length - rank)) break;
    if (Math.abs(test.effect) >= 1) rejected.add(test);
  }
  return rejected;
}

function weightOf(test: Test, rejected: ReadonlySet<Test>): number {
  return (rejected.has(test) ? 1e6 : 0) + Math.abs(test.effect) * (1 - test.pValue);
}

function verdictOf({ signal, score, before, chunk, pValue, effect }: Test, differs: boolean): Stable | Drift {
  const figures = {
    evidence: Math.min(100, Math.log(Math.max(pValue, 1e-300)) / Math.log(familyError)),
    ...unitOf(signal, score),
    // As counted: the learned shares keep a little room for what was never seen.
    baseline: figure(signal, score, before, 1),
    current: figure(signal, score, chunk, 1),
  };
  if (!differs) return { kind: "stable", ...figures };
  return {
    kind: "drift",
    ...figures,
    direction: effect > 0 ? "up" : "down",
    onset: { atMs: 0, earliestMs: 0, latestMs: 0 },
    pause: false,
    effect: Math.abs(effect),
  };
}

/** Every signal of either batch, once. */
function allKeys(a: readonly SignalBucket[], b: readonly SignalBucket[]): SignalBucket[] {
  const keys = new Map(
    [...a, ...b].filter(({ kind }) => kind !== "volume").map((key) => [signalId(key), key]),
  );
  return [...keys.values()];
}

function observations(buckets: readonly SignalBucket[], key: SignalBucket): number {
  return buckets
    .filter((bucket) => bucket.kind === key.kind && bucket.field === key.field)
    .reduce((sum, { counts }) => sum + total(counts), 0);
}
