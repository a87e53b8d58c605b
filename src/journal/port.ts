import type { ChangeEvent, Incident, IncidentState } from "../model/incident.ts";

/** Whether a workflow may take new work. */
export interface PauseState {
  workflow: string;
  state: "running" | "paused";
  sinceMs: number;
  reason: string;
  actor: string;
  incidentId: string;
}

/** A message owed to a route. `key` identifies it for ever: the same key is never enqueued twice. */
export interface OutboxMessage {
  key: string;
  /** `slack`, `webhook`, `alertmanager`, `pause`. */
  channel: string;
  /** Messages of one subject (an incident, a workflow) are delivered in order. */
  subject: string;
  workflow: string;
  /** JSON payload for the notifier. */
  payload: string;
  createdAtMs: number;
}

/** A message with what became of it. */
export interface Delivery extends OutboxMessage {
  state: "pending" | "delivered" | "dead";
  attempts: number;
  nextAttemptAtMs: number;
  lastError: string;
  deliveredAtMs: number | null;
}

/** A pinned baseline, kept on record for ever. `baseline` is the detectors' JSON. */
export interface PinnedBaseline {
  baselineId: string;
  workflow: string;
  baseline: string;
  fromMs: number;
  toMs: number;
  runs: number;
  pinnedAtMs: number;
  actor: string;
  reason: string;
}

/** One line of the audit log. */
export interface AuditEntry {
  atMs: number;
  actor: string;
  action: string;
  workflow: string;
  detail: string;
}

/**
 * The one door to SQLite: what needs a transaction. Every call is synchronous and durable on return
 * (WAL, synchronous=FULL). Calls inside `transaction` are one transaction.
 */
export interface Journal {
  transaction<T>(work: () => T): T;

  incidents: {
    put(incident: Incident): void;
    get(incidentId: string): Incident | null;
    /** Newest first. */
    list(filter?: { workflow?: string; states?: readonly IncidentState[]; limit?: number }): Incident[];
  };
  outbox: {
    /** Does nothing if the key is known. */
    enqueue(message: OutboxMessage): void;
    /** Due messages, at most one for each (channel, subject), oldest first. */
    due(nowMs: number, limit: number): Delivery[];
    delivered(key: string, atMs: number): void;
    failed(key: string, error: string, nextAttemptAtMs: number): void;
    dead(key: string, error: string): void;
    /** Makes a dead message due again. */
    retry(key: string, nowMs: number): boolean;
    list(filter?: { state?: Delivery["state"]; subject?: string; limit?: number }): Delivery[];
  };
  pauses: {
    /** From memory; the answer for an unknown workflow is `running` since 0. */
    get(workflow: string): PauseState;
    set(state: PauseState): void;
    all(): PauseState[];
  };
  baselines: {
    current(workflow: string): PinnedBaseline | null;
    pin(baseline: PinnedBaseline): void;
    /** Newest first. */
    history(workflow: string): PinnedBaseline[];
  };
  detectors: {
    /** The detectors' JSON state of a workflow, and how far it has read. */
    load(workflow: string): { state: string; throughMs: number } | null;
    save(workflow: string, state: string, throughMs: number): void;
  };
  changes: {
    /** False if it was known already. */
    append(change: ChangeEvent): boolean;
    list(filter: { workflow?: string; fromMs?: number; toMs?: number; limit?: number }): ChangeEvent[];
  };
  audit: {
    append(entry: AuditEntry): void;
    list(filter?: { workflow?: string; limit?: number }): AuditEntry[];
  };
  /** Small named values: secrets made at first start, the field catalogue, cursors. */
  meta: {
    get(key: string): string | null;
    set(key: string, value: string): void;
  };

  close(): void;
}
