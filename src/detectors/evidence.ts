import { dayMs } from "../model/clock.ts";
import { graceDays } from "./hazard.ts";
import { isCounted } from "./layout.ts";
import { logAdd } from "./math/log-add.ts";
import { addLog, clearLogSums, type LogSums, logOf, mixLogSums } from "./math/log-sums.ts";
import { dailyNoises } from "./plugin.ts";
import type { PreparedSignal } from "./prepare.ts";
import type { Backlog, Chunk, SignalState } from "./state.ts";
import { clearSuffix, extendSuffix } from "./suffix.ts";
import { countedLogs, type TiltGroup, tiltLogs } from "./tilts.ts";

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
  const sums = sumStarts(signal, state, nowMs);
  return signal.components.map((_, index) => logOf(sums, index));
}

/** Logarithm of the weighted sum over components: the signal's evidence, in days. */
export function signalEvidence(signal: PreparedSignal, state: SignalState, nowMs: number): number {
  return mixLogSums(sumStarts(signal, state, nowMs), signal.logWeights);
}

/** Evidence of every component, as sums over the starts. They stand until the next call for a signal of the workflow. */
function sumStarts(signal: PreparedSignal, state: SignalState, nowMs: number): LogSums {
  const { suffix, sums } = signal.scratch;
  clearLogSums(sums, signal.components.length);
  clearSuffix(suffix);
  signal.scratch.plugins = state.plugin === undefined ? [] : dailyNoises(signal.baseline, state.plugin);
  let endMs = nowMs;
  for (let at = state.chunks.length - 1; at >= 0; at--) {
    const chunk = state.chunks[at];
    if (chunk === undefined || chunk.atMs < state.dayMs) break;
    extendSuffix(signal, suffix, chunk);
    const isFirst = at === 0 || (state.chunks[at - 1]?.atMs ?? 0) < state.dayMs;
    const startMs = isFirst ? Math.min(state.committedMs, chunk.atMs) : chunk.atMs;
    addStart(signal, chunk, Math.log(startDays(endMs - startMs)), isFirst ? state.logEvidence : null);
    endMs = startMs;
  }
  if (endMs < nowMs) return sums;
  const idle = Math.log(startDays(nowMs - state.committedMs));
  for (let index = 0; index < signal.components.length; index++) {
    addLog(sums, index, logAdd(state.logEvidence[index] ?? -Infinity, idle));
  }
  return sums;
}

/**
 * Adds what came since the start of a chunk.
 *
 * @param logDays Weight of the starts in the chunk.
 * @param before Evidence of the days before, which the first chunk of a day carries on.
 */
function addStart(
  signal: PreparedSignal,
  { late }: Chunk,
  logDays: number,
  before: readonly number[] | null,
): void {
  const { suffix, sums, logs } = signal.scratch;
  const { tilts, expects } = signal;
  if (late === undefined) {
    componentLogs(signal);
    addAll(sums, logs, 0, signal.components.length, logDays, before);
    return;
  }
  for (const group of tilts.groups) {
    const { from, to } = group;
    const { earlier, fresh } = lateLabels(group, late);
    if (before !== null) {
      countedLogs(tilts, group, suffix, expects, earlier, logs);
      addAll(sums, logs, from, to, -Infinity, before);
    }
    if (fresh === null) continue;
    countedLogs(tilts, group, suffix, expects, fresh, logs);
    addAll(sums, logs, from, to, logDays, null);
  }
}

/** Adds to the sums of some components what one start says: of the starts in its chunk, and of those before. */
function addAll(
  sums: LogSums,
  logs: Float64Array,
  from: number,
  to: number,
  logDays: number,
  before: readonly number[] | null,
): void {
  for (let index = from; index < to; index++) addLog(sums, index, logDays + (logs[index] ?? 0));
  if (before === null) return;
  for (let index = from; index < to; index++) {
    addLog(sums, index, (before[index] ?? -Infinity) + (logs[index] ?? 0));
  }
}

/** Damped log likelihood ratio of each component over the observations of a suffix of one day. */
function componentLogs({ baseline, components, tilts, expects, scratch }: PreparedSignal): void {
  const { suffix, logs } = scratch;
  const { n, plugins } = suffix;
  if (isCounted(baseline.layout)) {
    for (const group of tilts.groups) countedLogs(tilts, group, suffix, expects, 0, logs);
    return;
  }
  if (n <= 0) {
    logs.fill(0);
    return;
  }
  tiltLogs(tilts, suffix, expects, logs);
  for (let index = tilts.groups.at(-1)?.to ?? 0; index < components.length; index++) {
    const component = components[index];
    if (component === undefined) break;
    const at = component.plugin;
    const { rhoDay, rhoHour } = scratch.plugins[at] ?? component;
    logs[index] = (plugins[at] ?? 0) / (1 + (rhoDay + rhoHour / Math.max(suffix.hours, 1)) * n);
  }
}

const lateFactor = 1.5;

/**
 * Delayed labels that may come late after the start of a chunk, for starts before it and at it.
 *
 * Late labels are no rise: as many more may come as are missing, and half as many again, since that is a guess. Nor are
 * they a fall: none starts (null) before more is missing than lateness explains. Less than a day's labels is chance; it
 * is held against fresh starts alone, which were chosen with it in view.
 */
function lateLabels({ isUp, score }: TiltGroup, late: Backlog): { earlier: number; fresh: number | null } {
  if (!isUp) return { earlier: 0, fresh: late.days >= graceDays ? 0 : null };
  const missing = lateFactor * (late.labels[score] ?? 0);
  return { earlier: late.days >= 1 ? missing : 0, fresh: missing };
}

/** Weight of the starts in a span, in days: no more than evidence is remembered. */
function startDays(spanMs: number): number {
  return Math.min(Math.max(spanMs, 1), memoryMs) / dayMs;
}
