import type { SignalBaseline } from "./baseline.ts";
import { scoreSum } from "./score.ts";
import type { Chunk } from "./state.ts";

/** What a suffix has to know of a signal. */
export interface Summed {
  baseline: SignalBaseline;
  /** Of each score that counts a share, the bins that count; null for other scores. */
  ones: (number[] | null)[];
  /** True where chunks say what was expected of them. */
  expects: boolean;
}

/** Sums over the observations of a day since some start. Its arrays are as long as the largest signal needs. */
export interface Suffix {
  n: number;
  hours: number;
  /** Sum of each score over the observations. */
  hits: Float64Array;
  /** *k* expected counts, and of each score that is a share their sum; for a signal that expects others by the hour. */
  expected: Float64Array;
  expectedHits: Float64Array;
  /** Undamped evidence of each plug-in. */
  plugins: Float64Array;
}

/** Room for signals of so many bins, scores and plug-ins. */
export function createSuffix(bins: number, scores: number, plugins: number): Suffix {
  return {
    n: 0,
    hours: 0,
    hits: new Float64Array(scores),
    expected: new Float64Array(bins),
    expectedHits: new Float64Array(scores),
    plugins: new Float64Array(plugins),
  };
}

/** Begins at the end of the day. */
export function clearSuffix(suffix: Suffix): void {
  suffix.n = 0;
  suffix.hours = 0;
  suffix.hits.fill(0);
  suffix.expected.fill(0);
  suffix.plugins.fill(0);
}

/** Puts a chunk before the observations of a suffix. */
export function extendSuffix({ baseline, ones, expects }: Summed, suffix: Suffix, chunk: Chunk): void {
  const { hits, expected, expectedHits, plugins } = suffix;
  const { x, e, d } = chunk;
  suffix.n += chunk.n;
  suffix.hours += chunk.hours;
  if (d !== undefined) for (let at = 0; at < d.length; at++) plugins[at] = (d[at] ?? 0) + (plugins[at] ?? 0);
  if (expects && e !== undefined) {
    for (let k = 0; k < e.length; k++) expected[k] = (expected[k] ?? 0) + (e[k] ?? 0);
  }
  for (let at = 0; at < ones.length; at++) {
    const bins = ones[at] ?? null;
    const values = baseline.scores[at]?.values ?? [];
    hits[at] = (hits[at] ?? 0) + scoreSum(bins, values, x);
    if (expects && bins !== null) expectedHits[at] = scoreSum(bins, values, expected);
  }
}
