import { dayMs } from "../model/clock.ts";
import { type SignalBucket, signalId } from "../model/signal.ts";
import { type LearnOptions, learnDefaults, type SignalBaseline, type WorkflowBaseline } from "./baseline.ts";
import { isCounted } from "./layout.ts";
import { learnBaseline } from "./learn.ts";
import { prepare } from "./prepare.ts";
import { type SignalState, startSignal, type WorkflowState } from "./state.ts";

/** Where a baseline stops growing: both must be reached. */
const grownRuns = 5000;
const grownMs = 28 * dayMs;
/** A baseline is learned again once it could be this much longer. */
const growthFactor = 1.25;
/** Logarithm of the evidence (in days) above which a signal may be drifting and must not grow. */
const quietMax = 4.5;

/**
 * Says whether a workflow's baseline should be learned, grown, or left alone.
 *
 * @param runsNow Runs of the workflow since the start of its baseline, or ever, where it has none.
 */
export function baselineDue(
  baseline: WorkflowBaseline | null,
  state: WorkflowState | null,
  runsNow: number,
  options: Partial<LearnOptions> = {},
): "learn" | "grow" | "no" {
  const { runsMin } = { ...learnDefaults, ...options };
  if (baseline === null) return runsNow >= runsMin ? "learn" : "no";
  if (state === null || baseline.pinned) return "no";
  if (Object.values(state.signals).some(({ drift }) => drift !== null)) return "no";
  const span = baseline.toMs - baseline.fromMs;
  const missing = Object.values(state.unknown).some(({ runs }) => runs >= runsMin);
  if (baseline.runs >= grownRuns && span >= grownMs && !missing) return "no";
  return growthEnd(baseline, state) - baseline.fromMs >= growthFactor * span ? "grow" : "no";
}

/**
 * The end of what a baseline may grow to: what was read, less a lag of a third of the span, so that the
 * beginning of a drift that is not yet noticed stays out. Two days, or the time of 500 runs, are lag enough.
 */
export function growthEnd(baseline: WorkflowBaseline, state: WorkflowState): number {
  const msPerRun = (baseline.toMs - baseline.fromMs) / Math.max(baseline.runs, 1);
  const lagMs = Math.min(Math.max(2 * dayMs, 500 * msPerRun), (state.throughMs - baseline.fromMs) / 3);
  return Math.floor(state.throughMs - lagMs);
}

/**
 * Learns a baseline again from a longer past. Signals with open drift or suspicious evidence keep what they
 * had; the others keep their evidence, against the new reference.
 *
 * @param history Buckets from the baseline's start to now; what lies behind the lag is used.
 */
export function growBaseline(
  baseline: WorkflowBaseline,
  state: WorkflowState,
  history: readonly SignalBucket[],
  options: Partial<LearnOptions> = {},
): { baseline: WorkflowBaseline; state: WorkflowState } {
  const { bucketMs } = { ...learnDefaults, ...options };
  const whole = (atMs: number): number => Math.floor(atMs / bucketMs) * bucketMs;
  const span = { fromMs: whole(baseline.fromMs), toMs: whole(growthEnd(baseline, state)) };
  const longer = learnBaseline(history, { ...options, ...span });
  const before = new Map(baseline.signals.map((signal) => [keyOf(baseline, signal), signal]));
  const signals = longer.signals.map((signal) => {
    const known = before.get(keyOf(baseline, signal));
    return known !== undefined && isSuspicious(state.signals[keyOf(baseline, signal)]) ? known : signal;
  });
  const learned = new Set(signals.map((signal) => keyOf(baseline, signal)));
  const kept = baseline.signals.filter((signal) => !learned.has(keyOf(baseline, signal)));
  const grown: WorkflowBaseline = { ...longer, workflow: baseline.workflow, signals: [...signals, ...kept] };
  return { baseline: grown, state: carryState(baseline, grown, state) };
}

function isSuspicious(state: SignalState | undefined): boolean {
  return state !== undefined && (state.drift !== null || state.evidence > quietMax);
}

/** Moves a state to a grown baseline: evidence is kept as a whole and spread over the new components. */
function carryState(before: WorkflowBaseline, grown: WorkflowBaseline, state: WorkflowState): WorkflowState {
  const old = new Set(before.signals);
  const signals: Record<string, SignalState> = {};
  for (const { id, baseline, components } of prepare(grown).signals) {
    const known = state.signals[id];
    const fresh = startSignal(components.length, state.throughMs);
    // A signal that is new to the baseline is read from now on; what came before was not counted.
    if (known === undefined) signals[id] = fresh;
    else if (old.has(baseline)) signals[id] = known;
    else
      signals[id] = {
        ...fresh,
        logEvidence: fresh.logEvidence.map(() => known.evidence),
        readMs: isCounted(baseline.layout) ? known.readMs : fresh.readMs,
        hour: known.hour,
        evidence: known.evidence,
        runs: known.runs,
        ...(known.late === undefined ? {} : { late: known.late }),
      };
  }
  const learned = new Set(grown.signals.map((signal) => keyOf(grown, signal)));
  const unknown = Object.fromEntries(Object.entries(state.unknown).filter(([id]) => !learned.has(id)));
  return { ...state, signals, unknown };
}

function keyOf({ workflow }: WorkflowBaseline, { kind, field }: SignalBaseline): string {
  return signalId({ workflow, kind, field });
}
