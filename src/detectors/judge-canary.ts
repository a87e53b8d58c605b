import type { Comparisons } from "../model/canary.ts";

/** What one field of one frozen input showed: before, in normal rounds, and now. */
export interface Stratum {
  usual: Comparisons;
  now: Comparisons;
}

/** What a round says of one field. */
export interface CanaryJudgement {
  pValue: number;
  verdict: "same" | "differs" | "not enough";
}

/** A share that grew by less than this does not matter, however certain it is. */
const excessMin = 0.01;

/**
 * Tells whether answers differ from the pinned ones more often than they do by themselves.
 *
 * If nothing changed, the answers of this round and of those before are exchangeable within each frozen input. So,
 * given how many of them differ in all, the number that falls into this round is hypergeometric, and its sum over
 * the inputs is known exactly: no share of noise has to be guessed, inputs may be as noisy as they like, and each may
 * have its own noise.
 *
 * @param strata one for each frozen input. @param alpha chance of a false alarm that this field may take.
 *
 * Source: the exact conditional test of stratified 2 × 2 tables; J. J. Gart, Biometrika 57 (1970).
 */
export function judgeCanary(strata: readonly Stratum[], alpha: number): CanaryJudgement {
  const informative = strata.filter(({ usual, now }) => usual.compared > 0 && now.compared > 0);
  const pValue = upperTail(informative);
  const excess = shareOf(informative, "now") - expectedShare(informative);
  if (pValue <= alpha && excess >= excessMin) return { pValue, verdict: "differs" };
  return { pValue, verdict: leastChance(informative) <= alpha ? "same" : "not enough" };
}

/** Chance of at least as many different answers in this round, given how many differ in all. */
function upperTail(strata: readonly Stratum[]): number {
  const seen = strata.reduce((sum, { now }) => sum + now.differed, 0);
  let chances = [1];
  for (const { usual, now } of strata) {
    const all = usual.compared + now.compared;
    chances = convolve(chances, hypergeometric(all, usual.differed + now.differed, now.compared));
  }
  // From the far end, so that small chances are not lost beside large ones.
  return Math.min(
    1,
    chances
      .slice(seen)
      .reverse()
      .reduce((sum, chance) => sum + chance, 0),
  );
}

/** The chance that would be left if every answer of this round differed. */
function leastChance(strata: readonly Stratum[]): number {
  return strata.reduce((product, { usual, now }) => {
    const chances = hypergeometric(
      usual.compared + now.compared,
      usual.differed + now.compared,
      now.compared,
    );
    return product * (chances[now.compared] ?? 1);
  }, 1);
}

/** Chances of 0, 1, … marked ones among `drawn` of `all` of which `marked` are. */
function hypergeometric(all: number, marked: number, drawn: number): number[] {
  if (marked === 0) return [1];
  const whole = logChoose(all, drawn);
  return Array.from({ length: drawn + 1 }, (_, k) =>
    k > marked || drawn - k > all - marked
      ? 0
      : Math.exp(logChoose(marked, k) + logChoose(all - marked, drawn - k) - whole),
  );
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(k, n - k); i += 1) sum += Math.log((n - i + 1) / i);
  return sum;
}

function convolve(a: readonly number[], b: readonly number[]): number[] {
  const sums = new Array<number>(a.length + b.length - 1).fill(0);
  for (const [i, x] of a.entries())
    for (const [k, y] of b.entries()) sums[i + k] = (sums[i + k] ?? 0) + x * y;
  return sums;
}

function shareOf(strata: readonly Stratum[], when: keyof Stratum): number {
  const sum = (of: keyof Comparisons) => strata.reduce((total, stratum) => total + stratum[when][of], 0);
  return sum("differed") / Math.max(1, sum("compared"));
}

/** The share that this round would show if each input were as noisy as before. */
function expectedShare(strata: readonly Stratum[]): number {
  let expected = 0;
  let compared = 0;
  for (const { usual, now } of strata) {
    expected += (now.compared * usual.differed) / usual.compared;
    compared += now.compared;
  }
  return expected / Math.max(1, compared);
}
