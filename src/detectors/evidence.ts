import { dayMs } from "../model/clock.ts";
import { logAdd } from "./math/log-add.ts";
import type { Component, PreparedSignal } from "./prepare.ts";
import type { Chunk, SignalState } from "./state.ts";
import { volumeEvidence } from "./volume.ts";

/**
 * Evidence of every component: a tilted Shiryaev-Roberts e-detector with damping.
 *
 * A component sets a tilt λ of a score s against a null that is itself tilted by the bound τ. For n
 * observations with counts x whose baseline shares are p, the log likelihood ratio is
 *
 *     L = λ Σ s x − n ψ,    ψ = ln Σ p e^((τ+λ)s) − ln Σ p e^(τs)
 *
 * and M, the sum of e^L over all possible starts (weighted by the days between starts), has an average run
 * length to level A of at least A days. Days and hours differ by more than chance, so what one day says is
 * damped: within m hours and n observations of one day by 1 / (1 + ρ_D n + ρ_H n / m), which is the likelihood
 * ratio of a normal mean with a common random effect of the day and one of each hour.
 *
 * Sources: J. Shin, A. Ramdas, A. Rinaldo, E-detectors, New England Journal of Statistics in Data Science
 * (2024), arXiv 2203.03532; M. Pollak, Optimal detection of a change in distribution, Ann. Statist. 13 (1985).
 *
 * @returns ln M of each component, in days.
 */
export function componentEvidence(signal: PreparedSignal, state: SignalState, nowMs: number): number[] {
  const today = state.chunks.filter(({ atMs }) => atMs >= state.dayMs);
  const log = signal.components.map(() => -Infinity);
  const scores = signal.baseline.scores;
  let suffix: Chunk | null = null;
  let endMs = nowMs;
  for (let at = today.length - 1; at >= 0; at--) {
    const chunk = today[at];
    if (chunk === undefined) break;
    suffix = suffix === null ? chunk : plus(chunk, suffix);
    const startMs = at === 0 ? Math.min(state.committedMs, chunk.atMs) : chunk.atMs;
    const logDays = Math.log(Math.max(endMs - startMs, 1) / dayMs);
    endMs = chunk.atMs;
    const hits = scores.map((score) => dot(score.values, suffix?.x ?? []));
    const expected = suffix.e;
    for (const [index, component] of signal.components.entries()) {
      const value = componentLog(component, signal, suffix, hits[component.score] ?? 0, expected);
      const start = at === 0 ? logAdd(state.logEvidence[index] ?? -Infinity, logDays) : logDays;
      log[index] = logAdd(log[index] ?? -Infinity, start + value);
    }
  }
  if (suffix !== null) return log;
  const idle = Math.log(Math.max(nowMs - state.committedMs, 1) / dayMs);
  return log.map((_, index) => logAdd(state.logEvidence[index] ?? -Infinity, idle));
}

/** Logarithm of the weighted sum over components: the signal's evidence, in days. */
export function mixedEvidence(signal: PreparedSignal, log: readonly number[]): number {
  let sum = -Infinity;
  for (const [index, { logWeight }] of signal.components.entries()) {
    sum = logAdd(sum, logWeight + (log[index] ?? -Infinity));
  }
  return sum;
}

/** Damped log likelihood ratio of one component over the observations of a suffix of one day. */
function componentLog(
  component: Component,
  signal: PreparedSignal,
  suffix: Chunk,
  hits: number,
  expected: readonly number[] | undefined,
): number {
  const { n } = suffix;
  if (n <= 0) return 0;
  const hours = Math.max(suffix.hours, 1);
  if (signal.baseline.layout.shape === "volume") {
    const rho = component.rhoDay + component.rhoHour / hours;
    return volumeEvidence(suffix.x[0] ?? 0, n, component.bound, component.tilt, rho);
  }
  const scale = expected === undefined ? 1 : 1 / n;
  const shares = expected ?? signal.baseline.shares;
  const damping = 1 + component.rhoDay * n + (component.rhoHour * n) / hours;
  return (component.tilt * hits - n * psi(component, signal, shares, scale)) / damping;
}

/** ψ, from *k* shares or (scaled) expected counts. */
function psi(component: Component, signal: PreparedSignal, shares: readonly number[], scale: number): number {
  if (component.share !== null) {
    const values = signal.baseline.scores[component.score]?.values ?? [];
    const odds = Math.min(1, dot(values, shares) * scale);
    const raised = odds * component.share.boundFactor;
    return Math.log1p((raised / (1 - odds + raised)) * component.share.rise);
  }
  return Math.log(dot(component.above, shares) / dot(component.below, shares));
}

/** Sum of products of two lists of *k* numbers. */
export function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0);
  return sum;
}

function plus(a: Chunk, b: Chunk): Chunk {
  const sum: Chunk = {
    atMs: a.atMs,
    n: a.n + b.n,
    hours: a.hours + b.hours,
    x: a.x.map((count, k) => count + (b.x[k] ?? 0)),
  };
  if (a.e !== undefined) sum.e = a.e.map((count, k) => count + (b.e?.[k] ?? 0));
  return sum;
}
