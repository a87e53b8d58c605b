import type { Logger } from "pino";
import type { Ledger } from "../alerts/ledger.ts";
import type { Budget } from "../detectors/budget.ts";
import type { IncidentSettings } from "../incidents/settings.ts";
import type { Journal } from "../journal/port.ts";
import type { Metrics } from "../metrics.ts";
import type { Clock } from "../model/clock.ts";
import type { SignalKey } from "../model/signal.ts";
import type { Store } from "../store/port.ts";

/** What the watch is built on. */
export interface WatchDeps {
  store: Store;
  journal: Journal;
  /** Writes incidents, what they owe and the pauses they cause; joins a journal transaction. */
  ledger: Pick<Ledger, "record">;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Everything accepted before this is in the store. */
  storedThroughMs: () => number;
  /** History is coming in just now: too early to learn from it. */
  isImporting: () => boolean;
  ownerOf: (workflow: string) => string;
  /** What a confidence must not lie below; null where the owner set no such bar. */
  confidenceBelow: (workflow: string) => number | null;
  /** Whether a signal's values are not counted, since the field's numbers run on. */
  runsOn: (signal: SignalKey) => boolean;
  budget: Budget;
  /** How incidents are joined, remembered and repeated. */
  incidentSettings: IncidentSettings;
  baselineRunsMin: number;
}
