import { dayMs } from "../model/clock.ts";
import type { SignalBaseline } from "./baseline.ts";
import { guard, inflation } from "./boundary.ts";
import { rounded } from "./chunks.ts";
import { reachOf } from "./dispersion.ts";
import { dot } from "./math/dot.ts";
import type { Chunk, Memory, PluginState } from "./state.ts";

/**
 * Predictable plug-in: a likelihood ratio whose alternative is learned from what came before, for shifts that
 * are spread over many categories. The observations are compared with r_k = (1 − g) + g · (seen / expected),
 * where seen and expected are exponentially forgotten counts of the past, and a few pseudo-runs that keep short memories
 * and rare categories close to 1:
 *
 *     L = Σ x_k ln r_k − n ψ,   ψ = ln(Σ p r + z sd_p(r) √(VIF / n₀) + ε range(r)),   ε = 0.01
 *
 * Since r depends on the past only, L stays evidence. Days differ, so a plug-in that learns within the day would
 * take the mood of the day for a drift; two learn from the days before alone and are damped by the noise in their own
 * direction, the other is damped for every category that it can follow.
 *
 * Source: V. Vovk, R. Wang, E-values: calibration, combination and applications, Annals of Statistics 49
 * (2021); the plug-in goes back to H. Robbins, D. Siegmund (1974).
 */
export const plugins = [
  { daily: false, g: 0.85 },
  { daily: true, g: 0.8 },
  { daily: true, g: 0.5 },
] as const;
/** Runs after which a memory has forgotten all but 1 / e: of the one within the day, and of the daily ones. */
const fastRuns = 200;
const slowRuns = 3000;
/** Pseudo-runs at the baseline's shares, and at each category alike. */
const pseudoRuns = 30;
const pseudoEach = 2;

/** Plug-ins are for signals of three or more categories. */
export function hasPlugins({ layout, shares }: SignalBaseline): boolean {
  return layout.shape === "category" && shares.length > 2;
}

/** The memory before anything was seen. */
export function startPlugin(k: number, atMs: number): PluginState {
  return { fast: empty(k), slow: empty(k), today: empty(k), dayMs: Math.floor(atMs / dayMs) * dayMs };
}

/** Log likelihood ratio of each plug-in for a chunk, undamped, and the memory that includes it. */
export function readPlugin(
  baseline: SignalBaseline,
  before: PluginState,
  chunk: Chunk,
): { logs: number[]; state: PluginState } {
  const state = chunk.atMs >= before.dayMs + dayMs ? foldDay(before, chunk.atMs) : before;
  const expected = chunk.e ?? baseline.shares.map((share) => share * chunk.n);
  const logs = plugins.map(({ daily, g }) => {
    const ratios = ratiosOf(daily ? state.slow : state.fast, baseline.shares, g);
    const psi = Math.log(dot(ratios, expected) / chunk.n + slack(baseline, ratios));
    return rounded(dot(chunk.x, ratios.map(Math.log)) - chunk.n * psi);
  });
  const fast = remember(state.fast, chunk.x, expected, chunk.n / fastRuns);
  const today = remember(state.today, chunk.x, expected, 0);
  return { logs, state: { ...state, fast, today } };
}

function foldDay(state: PluginState, atMs: number): PluginState {
  const { seen, expected } = state.today;
  const runs = seen.reduce((sum, count) => sum + count, 0);
  return {
    ...state,
    slow: remember(state.slow, seen, expected, runs / slowRuns),
    today: empty(seen.length),
    dayMs: Math.floor(atMs / dayMs) * dayMs,
  };
}

/** Shares of past over baseline, as far as a plug-in follows them. */
function ratiosOf({ seen, expected }: Memory, shares: readonly number[], g: number): number[] {
  return shares.map((share, k) => {
    const pseudo = pseudoRuns * share + pseudoEach;
    return 1 - g + (g * ((seen[k] ?? 0) + pseudo)) / ((expected[k] ?? 0) + pseudo);
  });
}

/** ρ of the likelihood ratio of a direction. */
export interface DirectionNoise {
  rhoDay: number;
  rhoHour: number;
}

/** ρ of each plug-in: of a daily one in the direction that it has today; the other's is always the same, and null here. */
export function dailyNoises(baseline: SignalBaseline, { slow }: PluginState): (DirectionNoise | null)[] {
  return plugins.map(({ daily, g }) =>
    daily ? noiseAlong(baseline, ratiosOf(slow, baseline.shares, g).map(Math.log)) : null,
  );
}

/** ρ of all directions together, each between that of the noisiest category and the mean over categories. */
export function noiseOverall({ scores, shares }: SignalBaseline): DirectionNoise {
  const over = (part: "rhoDay" | "rhoHour"): number => {
    const rhos = scores.slice(0, shares.length).map((score) => score[part]);
    return ((shares.length - 1) * (Math.max(...rhos) + dot(rhos, shares))) / 2;
  };
  return { rhoDay: over("rhoDay"), rhoHour: over("rhoHour") };
}

/**
 * ρ of a direction s: Σ (p (s − s̄))² σ² / Σ p (s − s̄)², with σ² the variance of the logarithm of each share on its own (see
 * `noiseScale`).
 *
 * @param direction *k* numbers.
 */
function noiseAlong({ shares, scores }: SignalBaseline, direction: readonly number[]): DirectionNoise {
  const mean = dot(shares, direction);
  const squares = dot(shares, shares);
  const sums = { variance: 0, day: 0, hour: 0 };
  for (const [k, share] of shares.entries()) {
    // The first k scores are one for each category.
    const score = scores[k];
    if (score === undefined || share <= 0 || share >= 1) continue;
    const away = share * ((direction[k] ?? 0) - mean) ** 2;
    const scale = (share * reachOf(share, squares)) / (1 - share);
    sums.variance += away;
    sums.day += (away * share * score.rhoDay) / scale;
    sums.hour += (away * share * score.rhoHour) / scale;
  }
  if (sums.variance <= 0) return { rhoDay: 0, rhoHour: 0 };
  return { rhoDay: sums.day / sums.variance, rhoHour: sums.hour / sums.variance };
}

/** What the null is granted: the baseline's own error, and one percent of harmless change. */
function slack(baseline: SignalBaseline, ratios: readonly number[]): number {
  const { shares, runs, days } = baseline;
  const mean = dot(shares, ratios);
  const variance = ratios.reduce((sum, ratio, k) => sum + (shares[k] ?? 0) * (ratio - mean) ** 2, 0);
  const range = Math.max(...ratios) - Math.min(...ratios);
  const noise = noiseAlong(baseline, ratios);
  const error = Math.sqrt((variance * inflation({ runs, days, hours: days * 24, ...noise })) / runs);
  return guard(days) * error + 0.01 * range;
}

/** Forgets by e^−age and adds. */
function remember(memory: Memory, seen: readonly number[], expected: readonly number[], age: number): Memory {
  const keep = Math.exp(-age);
  return {
    seen: memory.seen.map((count, k) => rounded(count * keep + (seen[k] ?? 0))),
    expected: memory.expected.map((count, k) => rounded(count * keep + (expected[k] ?? 0))),
  };
}

function empty(k: number): Memory {
  return { seen: new Array<number>(k).fill(0), expected: new Array<number>(k).fill(0) };
}
