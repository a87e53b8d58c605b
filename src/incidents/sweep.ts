import type { ChangeEvent, Incident } from "../model/incident.ts";
import type { SignalVerdict } from "../model/verdict.ts";
import type { CauseEvidence } from "./evidence.ts";
import type { IncidentSettings } from "./settings.ts";

/** What one sweep of one workflow brings. */
export interface Sweep {
  workflow: string;
  /** "" where the workflow has none. */
  owner: string;
  /** Every unresolved incident of the workflow and the latest resolved ones, any order. */
  known: readonly Incident[];
  /** The present verdict on each signal. */
  verdicts: readonly SignalVerdict[];
  /** Change events of the last days. */
  changes: readonly ChangeEvent[];
  /** Evidence for the signals that `freshDrifts` named. */
  evidence: CauseEvidence;
  /** One sentence on a drift, from the detectors; it may name bins that show it. */
  explain(verdict: SignalVerdict & { bins?: readonly string[] | undefined }): string;
  settings: IncidentSettings;
  nowMs: number;
}
