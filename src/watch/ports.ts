import type { Logger } from "pino";
import type { Budget } from "../detectors/budget.ts";
import type { Journal } from "../journal/port.ts";
import type { Metrics } from "../metrics.ts";
import type { Clock } from "../model/clock.ts";
import type { Incident, IncidentEvent } from "../model/incident.ts";
import type { Store } from "../store/port.ts";

/** The part of alerts that the watch hands incidents to. */
export interface IncidentRecorder {
  /** Writes incidents, what they owe, and the pauses they cause. Call it inside a journal transaction. */
  record(incidents: readonly Incident[], events: readonly IncidentEvent[], nowMs: number): void;
}

/** What the watch is built on. */
export interface WatchDeps {
  store: Store;
  journal: Journal;
  recorder: IncidentRecorder;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Everything accepted before this is in the store. */
  storedThroughMs: () => number;
  ownerOf: (workflow: string) => string;
  budget: Budget;
  baselineRunsMin: number;
}
