import type { SignalVerdict, Stable, Verdict } from "../model/verdict.ts";
import { appearanceSignal } from "./appearance.ts";
import { learnDefaults, type SignalBaseline } from "./baseline.ts";
import { aloneLevel, type Budget, workflowDays } from "./budget.ts";
import { rounded } from "./chunks.ts";
import { driftVerdict, relativeEvidence } from "./drift.ts";
import { daysIn, figure, recentMs } from "./figures.ts";
import { observationsMin } from "./learn.ts";
import type { Prepared, PreparedSignal } from "./prepare.ts";
import type { Chunk, SignalState, WorkflowState } from "./state.ts";

/** Observations since the baseline below which a signal is not called stable. */
const currentRunsMin = 20;

/** The verdict on every signal of a workflow, at the position of its state. */
export function workflowVerdicts(prepared: Prepared, state: WorkflowState, budget: Budget): SignalVerdict[] {
  const level = aloneLevel(prepared.signals.length, workflowDays(budget));
  const known = prepared.signals.map((signal): SignalVerdict => {
    const verdict = judge(signal, state.signals[signal.id], level, state.throughMs);
    return { signal: signal.key, atMs: state.throughMs, verdict };
  });
  const unknown = Object.entries(state.unknown).map(([id, entry]): SignalVerdict => {
    const { kind, field, runs } = entry;
    const seen = state.signals[id];
    const fresh = seen === undefined ? null : appearanceSignal(prepared.baseline, entry);
    const verdict: Verdict =
      fresh === null
        ? { kind: "insufficient", runs, runsMin: observationsMin(kind, learnDefaults) }
        : judge(fresh, seen, level, state.throughMs);
    const signal = { workflow: prepared.baseline.workflow, kind, field };
    return { signal, atMs: state.throughMs, verdict };
  });
  return [...known, ...unknown];
}

function judge(
  signal: PreparedSignal,
  state: SignalState | undefined,
  level: number,
  nowMs: number,
): Verdict {
  if (state?.drift) return driftVerdict(signal, state, state.drift, level, nowMs);
  const volume = signal.baseline.kind === "volume";
  if (state === undefined || (!volume && state.runs < currentRunsMin)) {
    return { kind: "insufficient", runs: state?.runs ?? 0, runsMin: currentRunsMin };
  }
  return stable(signal, state, level, nowMs);
}

function stable(signal: PreparedSignal, state: SignalState, level: number, nowMs: number): Stable {
  if (signal.usual === null) throw new RangeError("Cannot judge a signal: its baseline has no score");
  const { score, unit, of, baseline } = signal.usual;
  const recent = lately(state.chunks, nowMs, signal.baseline);
  return {
    kind: "stable",
    evidence: relativeEvidence(state.evidence, level),
    unit,
    of,
    baseline,
    current: figure(signal.baseline, score, recent, daysIn(recent.atMs, nowMs)),
  };
}

/** The latest day, or as many chunks as it takes to show a hundred observations. */
function lately(chunks: readonly Chunk[], nowMs: number, { layout, shares }: SignalBaseline): Chunk {
  const x = new Array<number>(shares.length).fill(0);
  const e = layout.shape === "hazard" ? [...x] : undefined;
  let [atMs, n, hours] = [nowMs, 0, 0];
  for (let at = chunks.length - 1; at >= 0; at--) {
    const chunk = chunks[at];
    if (chunk === undefined || (n >= 100 && chunk.atMs < nowMs - recentMs)) break;
    atMs = chunk.atMs;
    n = rounded(chunk.n + n);
    hours += chunk.hours;
    for (let k = 0; k < x.length; k++) x[k] = (x[k] ?? 0) + (chunk.x[k] ?? 0);
    if (e === undefined) continue;
    for (let k = 0; k < e.length; k++) e[k] = rounded((e[k] ?? 0) + (chunk.e?.[k] ?? 0));
  }
  return { atMs, n, hours, x, e, d: undefined, late: undefined };
}
