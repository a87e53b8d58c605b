import type { Score, SignalBaseline, WorkflowBaseline } from "./baseline.ts";
import { boundaries } from "./boundary.ts";
import { type PreparedSignal, prepareSignal } from "./prepare.ts";
import { rateLayout, rateScores } from "./rate.ts";
import type { UnknownState } from "./state.ts";

const compiled = new WeakMap<WorkflowBaseline, Map<string, PreparedSignal>>();

/**
 * The detector of a new key: a field that none of the baseline's runs had is watched as a rate whose baseline
 * is "in 0 of n runs". Its kind is `type`, since the shape of the data has changed. Compiled once for a baseline: the
 * second call with the same object and key is free.
 *
 * @returns null for a signal that says nothing new: a new field has a null rate and values as well.
 */
export function appearanceSignal(baseline: WorkflowBaseline, unknown: UnknownState): PreparedSignal | null {
  if (unknown.kind !== "type") return null;
  const known = compiled.get(baseline) ?? new Map<string, PreparedSignal>();
  compiled.set(baseline, known);
  const signal = known.get(unknown.field) ?? compile(baseline, unknown);
  if (signal !== null) known.set(unknown.field, signal);
  return signal;
}

function compile(baseline: WorkflowBaseline, { kind, field }: UnknownState): PreparedSignal | null {
  const days = (baseline.toMs - baseline.fromMs) / 86_400_000;
  const layout = rateLayout("type");
  const share = 0.5 / (baseline.runs + 1);
  const [shape] = rateScores(layout);
  if (shape === undefined) return null;
  // The noise of a rate near zero is the log odds' σ² times the rate; 0.1 is a restless signal's σ².
  const rho = 0.1 * share;
  const noise = { rhoDay: rho, rhoHour: rho };
  const shares = [1 - share, share];
  const basis = { ...shape, shares, runs: baseline.runs, days, hours: 24 * days, ...noise };
  const { up } = boundaries(basis);
  const score: Score = {
    of: "",
    values: shape.values,
    up,
    down: null,
    ...noise,
    rhoDayStrict: rho,
    rhoHourStrict: rho,
  };
  const signal: SignalBaseline = {
    kind,
    field,
    layout,
    runs: baseline.runs,
    days,
    shares,
    strata: null,
    ages: null,
    scores: [score],
  };
  return prepareSignal(baseline.workflow, signal);
}
