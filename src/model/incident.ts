import type { SignalKey } from "./signal.ts";
import type { Drift } from "./verdict.ts";

export type IncidentState = "open" | "acknowledged" | "snoozed" | "resolved";

export type Severity = "warning" | "critical";

/** Where the trouble probably sits. */
export type Layer = "upstream data" | "integration" | "workflow logic" | "model" | "unknown";

/** What was found in the runs behind a drift when it was noticed. */
export interface Found {
  /** Bins that show it, the most frequent first: a few of them, none where any run shows it. */
  bins: string[];
  /** Runs that show it, newest first, and runs from before. */
  exampleRunIds: string[];
  baselineRunIds: string[];
}

/** One drifting signal inside an incident. */
export interface DriftingSignal {
  signal: SignalKey;
  drift: Drift;
  /** When the detector noticed it, in milliseconds since the epoch. */
  detectedAtMs: number;
  /** Set when a reverse test or a new baseline says it is back; null while it drifts. */
  recoveredAtMs: number | null;
  /** What moved, in one sentence (from `explain` of the detectors). */
  sentence: string;
  /** Absent where it was not looked for: beyond the leading signals, or with the store out of reach. */
  found?: Found | undefined;
}

/** Something deployed changed: the prompt, the model, its settings or the code. */
export interface ChangeEvent {
  changeId: string;
  workflow: string;
  /** When it was first seen, in milliseconds since the epoch. */
  atMs: number;
  /**
   * When it was last seen not to be so, where looks are far apart (a canary's rounds): it came between the two. Absent where
   * the first run under it was seen, since nothing can be its doing before that.
   */
  afterMs?: number;
  what: "version" | "prompt" | "model" | "model_resolved" | "settings" | "code";
  before: string;
  after: string;
  /** Version ids on both sides. */
  versionBefore: string;
  versionAfter: string;
  /** Removed and added lines of the prompt ("- old", "+ new"), "" where its text was not given. */
  diff: string;
}

/** The likely cause, in words and figures. */
export interface Cause {
  layer: Layer;
  /** Full sentences, most telling first. */
  reasons: string[];
  change: ChangeEvent | null;
  /** The slice that explains most of the shift, if one does. */
  slice: { attribute: string; value: string; share: number; runs: number } | null;
  lastGoodVersion: string;
}

/** One problem that people are told about. */
export interface Incident {
  incidentId: string;
  workflow: string;
  /** "" where the workflow has none. */
  owner: string;
  state: IncidentState;
  severity: Severity;
  openedAtMs: number;
  updatedAtMs: number;
  resolvedAtMs: number | null;
  snoozedUntilMs: number | null;
  /** When the first of its drifts began: never after `openedAtMs`. */
  onsetMs: number;
  signals: DriftingSignal[];
  cause: Cause;
  /** Three runs that show it, and three from before. */
  exampleRunIds: string[];
  baselineRunIds: string[];
  /** One sentence that names field, onset, size. */
  title: string;
  pausedWorkflow: boolean;
  /** Who brought it into its present state: a person, or `evenkeel`. */
  stateActor: string;
  /** When people were last told about it, in milliseconds since the epoch. */
  notifiedAtMs: number;
}

export type IncidentEventKind =
  | "opened"
  | "joined"
  | "explained"
  | "escalated"
  | "acknowledged"
  | "snoozed"
  | "woken"
  | "reminded"
  | "recovered"
  | "resolved"
  | "reopened";

/** One transition of an incident, with the incident as it is afterwards. */
export interface IncidentEvent {
  /** The same again when a crash makes the transition happen twice. */
  eventId: string;
  kind: IncidentEventKind;
  incident: Incident;
  atMs: number;
  actor: string;
  /** One sentence: the new signal, the reason a person gave; "" for none. */
  note: string;
}
