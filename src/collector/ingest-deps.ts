import type { Clock } from "../model/clock.ts";
import type { CounterLike } from "../model/meters.ts";
import type { RunRef } from "../store/port.ts";
import type { Caps } from "./cut.ts";
import type { CatalogueValues } from "./contract-rules.ts";
import type { FieldCatalogue } from "./field-catalogue.ts";
import type { PendingLog, SeenIds, Sink, WaitingShelf } from "./ports.ts";
import type { Redactor } from "./redact.ts";
import type { Words, WorkflowSettings } from "./settings.ts";

/** Counters that the collector moves. Labels are names and reasons, never values. */
export interface IngestMeters {
  /** New runs accepted, by their own status. */
  runs: CounterLike<"workflow" | "status">;
  reviews: CounterLike<"workflow" | "verdict">;
  /** Runs that came for the first time, and everything that could not be read as one. */
  runsReceived: CounterLike;
  runsRejected: CounterLike<"reason">;
  runsDuplicate: CounterLike;
  /** What was left out on purpose: spans without content, fields past the cap. */
  dropped: CounterLike<"what">;
}

/** What the collector is built from. */
export interface IngestDeps {
  sink: Sink;
  seen: SeenIds;
  /** Keeps runs that wait for their trace's root; without, a crash forgets them. */
  pendingLog?: PendingLog;
  /** Finds a run that is no longer in memory. Throws TransientError while the store cannot be reached. */
  findRun: (runId: string) => Promise<RunRef | null>;
  /** The same for the newest run of a workflow under a business key. */
  findRunByKey?: (workflow: string, businessKey: string) => Promise<RunRef | null>;
  /** Where outcomes and decisions wait for their runs; without it they are refused. */
  waitingLabels?: WaitingShelf;
  /** JSON text of a stored run's outputs, for counting which fields a review changed; null where unknown. */
  findOutputs?: (runId: string) => Promise<string | null>;
  catalogue: FieldCatalogue;
  /** The allowed values that contracts name; without, rules that need them are not judged. */
  catalogueValues?: CatalogueValues;
  redactor: Redactor;
  settings: (workflow: string) => WorkflowSettings;
  clock: Clock;
  meters: IngestMeters;
  words?: Words;
  caps?: Caps;
  /** How long a trace without its root is waited for, counted from its last span. */
  rootWaitMs?: number;
}
