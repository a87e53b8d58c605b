import type { WorkflowBaseline } from "./baseline.ts";
import { prepare } from "./prepare.ts";
import { startSignal, type WorkflowState } from "./state.ts";

/**
 * Forgets what was counted of the volume and starts it anew at the state's position: for the time in which no runs
 * are to be expected, such as a pause.
 */
export function restartVolume(baseline: WorkflowBaseline, state: WorkflowState): WorkflowState {
  const volume = prepare(baseline).signals.find((signal) => signal.baseline.kind === "volume");
  if (volume === undefined || state.signals[volume.id]?.drift) return state;
  const fresh = startSignal(volume.components.length, state.throughMs);
  return { ...state, signals: { ...state.signals, [volume.id]: fresh } };
}
