import { dayMs } from "../model/clock.ts";
import { logAdd } from "./math/log-add.ts";
import { graceDays } from "./hazard.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { type Component, type PreparedSignal, scoreSum, sharePsi } from "./prepare.ts";
import type { Backlog, Chunk, SignalState } from "./state.ts";
import { volumeEvidence } from "./volume.ts";

/**
 * Evidence fades with this time constant. Without it a sum over starts grows with time alone wherever the runs
 * say next to nothing, and would reach any level in the end.
 */
export const memoryMs = 100 * dayMs;

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
  const log = new Array<number>(signal.components.length).fill(-Infinity);
  const since = emptySuffix(signal);
  let endMs = nowMs;
  for (let at = state.chunks.length - 1; at >= 0; at--) {
    const chunk = state.chunks[at];
    if (chunk === undefined || chunk.atMs < state.dayMs) break;
    extend(signal, since, chunk);
    const isFirst = at === 0 || (state.chunks[at - 1]?.atMs ?? 0) < state.dayMs;
    const startMs = isFirst ? Math.min(state.committedMs, chunk.atMs) : chunk.atMs;
    const logDays = Math.log(startDays(endMs - startMs));
    endMs = startMs;
    for (let index = 0; index < log.length; index++) {
      const component = signal.components[index];
      if (component === undefined) break;
      const before = isFirst ? (state.logEvidence[index] ?? -Infinity) : -Infinity;
      if (chunk.late === undefined) {
        const starts = isFirst ? logAdd(before, logDays) : logDays;
        add(log, index, starts + componentLog(component, signal, since, 0));
        continue;
      }
      const { earlier, fresh } = lateLabels(component, chunk.late);
      if (isFirst) add(log, index, before + componentLog(component, signal, since, earlier));
      if (fresh !== null) add(log, index, logDays + componentLog(component, signal, since, fresh));
    }
  }
  if (endMs < nowMs) return log;
  const idle = Math.log(startDays(nowMs - state.committedMs));
  return log.map((_, index) => logAdd(state.logEvidence[index] ?? -Infinity, idle));
}

/** Weight of the starts in a span, in days: no more than evidence is remembered. */
function startDays(spanMs: number): number {
  return Math.min(Math.max(spanMs, 1), memoryMs) / dayMs;
}

/** Sums over the observations of a day since some start. */
interface Suffix {
  n: number;
  hours: number;
  /** Sum of each score over the observations. */
  hits: number[];
  /** *k* expected counts, where they differ from n times the baseline's shares. */
  expected: number[] | null;
  /** Undamped evidence of each plug-in. */
  plugins: number[];
  /** Of each score, the expected sum. */
  expectedHits: number[];
}

function emptySuffix({ baseline }: PreparedSignal): Suffix {
  const none = new Array<number>(baseline.scores.length).fill(0);
  const { ages, strata, layout } = baseline;
  const seasonal =
    ages !== null || layout.shape === "hazard" || (strata !== null && layout.shape !== "volume");
  const expected = seasonal ? new Array<number>(baseline.shares.length).fill(0) : null;
  return { n: 0, hours: 0, hits: none, expected, plugins: [], expectedHits: [...none] };
}

/** Puts a chunk before the observations of a suffix. */
function extend({ baseline, ones }: PreparedSignal, suffix: Suffix, chunk: Chunk): void {
  suffix.n += chunk.n;
  suffix.hours += chunk.hours;
  if (chunk.d !== undefined) suffix.plugins = chunk.d.map((log, at) => log + (suffix.plugins[at] ?? 0));
  const { expected } = suffix;
  if (expected !== null) {
    for (let k = 0; k < expected.length; k++) expected[k] = (expected[k] ?? 0) + (chunk.e?.[k] ?? 0);
  }
  for (let at = 0; at < baseline.scores.length; at++) {
    const values = baseline.scores[at]?.values ?? [];
    const bins = ones[at] ?? null;
    suffix.hits[at] = (suffix.hits[at] ?? 0) + scoreSum(bins, values, chunk.x);
    if (expected !== null && bins !== null) suffix.expectedHits[at] = scoreSum(bins, values, expected);
  }
}

/** Logarithm of the weighted sum over components: the signal's evidence, in days. */
export function mixedEvidence(signal: PreparedSignal, log: readonly number[]): number {
  let sum = -Infinity;
  for (const [index, { logWeight }] of signal.components.entries()) {
    sum = logAdd(sum, logWeight + (log[index] ?? -Infinity));
  }
  return sum;
}

function add(log: number[], index: number, value: number): void {
  log[index] = logAdd(log[index] ?? -Infinity, value);
}

const lateFactor = 1.5;

/**
 * Delayed labels that may come late after the start of a chunk, for starts before it and at it.
 *
 * Late labels are no rise: as many more may come as are missing, and half as many again, since that is a guess. Nor are they a fall: none starts (null) before more is
 * missing than lateness explains. Less than a day's labels is chance; it is held against fresh starts alone, which
 * were chosen with it in view.
 */
function lateLabels({ tilt, score }: Component, late: Backlog): { earlier: number; fresh: number | null } {
  if (tilt < 0) return { earlier: 0, fresh: late.days >= graceDays ? 0 : null };
  const missing = lateFactor * (late.labels[score] ?? 0);
  return { earlier: late.days >= 1 ? missing : 0, fresh: missing };
}

/**
 * Damped log likelihood ratio of one component over the observations of a suffix of one day.
 *
 * @param late Delayed labels that were missing before and may come now.
 */
function componentLog(component: Component, signal: PreparedSignal, since: Suffix, late: number): number {
  const { n } = since;
  if (n <= 0) return 0;
  const hours = Math.max(since.hours, 1);
  if (isCounted(signal.baseline.layout)) {
    const rho = component.rhoDay + component.rhoHour / hours;
    const seen = since.hits[component.score] ?? 0;
    const expected = since.expected === null ? n : (since.expectedHits[component.score] ?? 0);
    return volumeEvidence(seen, expected + late, component.bound, component.tilt, rho);
  }
  const damping = 1 + component.rhoDay * n + (component.rhoHour * n) / hours;
  if (component.plugin >= 0) return (since.plugins[component.plugin] ?? 0) / damping;
  const psi = since.expected === null ? component.psi : seasonalPsi(component, since, since.expected);
  return (component.tilt * (since.hits[component.score] ?? 0) - n * psi) / damping;
}

/** ψ from *k* expected counts. */
function seasonalPsi(component: Component, since: Suffix, expected: readonly number[]): number {
  const { share, above, below, score } = component;
  if (share === null) return Math.log(dot(above, expected) / dot(below, expected));
  return sharePsi(Math.min(1, (since.expectedHits[score] ?? 0) / since.n), share);
}
