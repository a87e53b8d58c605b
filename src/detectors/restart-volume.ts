import type { WorkflowBaseline } from "./baseline.ts";
import { prepare } from "./prepare.ts";
import { startSignal, type WorkflowState } from "./state.ts";

const quiet = new WeakMap<WorkflowBaseline, WorkflowBaseline>();

/**
 * A baseline that expects no runs, for a time in which none are to come, such as a pause. The second call with the same
 * object is free.
 */
export function withoutVolume(baseline: WorkflowBaseline): WorkflowBaseline {
  const known = quiet.get(baseline);
  if (known !== undefined) return known;
  const signals = baseline.signals.filter(({ kind }) => kind !== "volume");
  const made = { ...baseline, signals };
  quiet.set(baseline, made);
  return made;
}

/** Forgets what was counted of the volume and starts it anew at the state's position, for when runs are to come again. */
export function restartVolume(baseline: WorkflowBaseline, state: WorkflowState): WorkflowState {
  const volume = prepare(baseline).signals.find((signal) => signal.baseline.kind === "volume");
  if (volume === undefined || state.signals[volume.id]?.drift) return state;
  const fresh = startSignal(volume.components.length, state.throughMs);
  return { ...state, signals: { ...state.signals, [volume.id]: fresh } };
}
