import type { Forgetting } from "../model/forgetting.ts";
import type { Approval, ApprovalState } from "../model/approval.ts";
import type { CanaryCase, CanaryRound } from "../model/canary.ts";
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
  /** Held back until then; absent for a message that may leave at once. */
  notBeforeMs?: number;
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

/** A run that waits for a person's verdict. */
export interface QueuedRun {
  runId: string;
  /** 1, or 2 for a second opinion on a run that someone else has reviewed. */
  round: number;
  workflow: string;
  version: string;
  receivedAtMs: number;
  /** Only `random` counts towards the override rate. */
  chosenBy: "random" | "targeted";
  /** Why it is here, in a few words: `random sample`, `low confidence`, `incident 3f2a`. */
  why: string;
  /** The probability with which the random sample chose it; 1 for targeted runs. */
  probability: number;
  queuedAtMs: number;
}

/** A queued run that one reviewer holds. */
export interface ClaimedRun extends QueuedRun {
  claimedAtMs: number;
  claimedUntilMs: number;
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
    /** Does nothing if the key is known. A message that may leave at once takes held ones of its subject along. */
    enqueue(message: OutboxMessage): void;
    /** Due messages, at most one for each (channel, subject), oldest first. */
    due(nowMs: number, limit: number): Delivery[];
    delivered(key: string, atMs: number): void;
    failed(key: string, error: string, nextAttemptAtMs: number): void;
    dead(key: string, error: string): void;
    get(key: string): Delivery | null;
    /** Takes back a message that nobody has tried to deliver. */
    withdraw(key: string): void;
    /** Makes a dead message due again. */
    retry(key: string, nowMs: number): boolean;
    list(filter?: { state?: Delivery["state"]; subject?: string; limit?: number }): Delivery[];
    /** Forgets messages that were delivered before a time; answers how many. */
    prune(deliveredBeforeMs: number): number;
    /** How many messages each channel has in each state. */
    counts(): { channel: string; state: Delivery["state"]; messages: number }[];
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
  /** Runs that wait for a review. A claim that runs out gives its run back. */
  reviewQueue: {
    /** False if the run was queued before in this round. */
    add(run: QueuedRun): boolean;
    has(runId: string): boolean;
    /**
     * The run that the reviewer holds, else the oldest that nobody holds, claimed until `untilMs`.
     * Never one that the reviewer has answered in another round, nor one of `except`.
     */
    claim(query: {
      reviewer: string;
      nowMs: number;
      untilMs: number;
      workflow?: string | undefined;
      except?: readonly string[];
    }): ClaimedRun | null;
    /** What the reviewer holds of a run, or null. */
    held(runId: string, reviewer: string, nowMs: number): ClaimedRun | null;
    /** Gives a claim more time. */
    extend(run: QueuedRun, untilMs: number): void;
    /** Gives a run back, behind those that wait already. */
    release(run: QueuedRun, nowMs: number): void;
    done(run: QueuedRun, atMs: number): void;
    /** Open runs by workflow, claimed ones included. */
    open(): { workflow: string; runs: number }[];
    /** Answers of a reviewer since a time. */
    answered(reviewer: string, sinceMs: number): number;
    /** Forgets runs, of one workflow or all, that were answered, or have waited, since before a time. */
    forget(beforeMs: number, workflow?: string): void;
  };
  /** Outcomes and decisions that came before their runs; JSON, opaque to the journal. */
  waitingLabels: {
    /** Does nothing for ids that are kept already. */
    put(entries: readonly { id: string; awaits: string; body: string; sinceMs: number }[]): void;
    remove(ids: readonly string[]): void;
    /** Oldest first. */
    all(): { id: string; awaits: string; sinceMs: number }[];
    bodies(ids: readonly string[]): { id: string; body: string }[];
  };
  /** What automations asked before they act. */
  approvals: {
    /** Keeps an item as it is now. Who asked is kept from the first time; "" for nobody known. */
    put(approval: Approval, askedBy?: string): void;
    get(approvalId: string): Approval | null;
    /** Items that still ask for a person, held ones first, the nearest deadline first. */
    open(filter?: { workflow?: string | undefined; limit?: number }): Approval[];
    /** Newest first. */
    list(filter?: {
      workflow?: string | undefined;
      state?: ApprovalState | undefined;
      limit?: number;
    }): Approval[];
    /** Held items whose deadline has come. */
    due(nowMs: number, limit: number): Approval[];
    /** Items that left `held` and are not among the signals yet. */
    uncounted(limit: number): Approval[];
    counted(approvalId: string): void;
    /** How many items still ask for a person of those that a key asked about. */
    openAskedBy(key: string): number;
    /** Items that still ask for a person, by workflow. */
    openCounts(): { workflow: string; items: number }[];
    /** Forgets items that were held before a time and ask for nobody any more. */
    forget(beforeMs: number): void;
  };
  /** Frozen inputs with their pinned answers, and the rounds in which they were answered. */
  canary: {
    /** By id. */
    cases(workflow: string): CanaryCase[];
    find(workflow: string, caseId: string): CanaryCase | null;
    /** In place of the one with the same id. */
    putCase(one: CanaryCase): void;
    removeCase(workflow: string, caseId: string): boolean;
    /** Newest first. */
    rounds(workflow: string, limit: number): CanaryRound[];
    /** Keeps the newest 400 of a workflow. */
    putRound(round: CanaryRound): void;
  };
  /** Small named values: secrets made at first start, the field catalogue, cursors. */
  meta: {
    get(key: string): string | null;
    set(key: string, value: string): void;
  };

  /**
   * Takes a person's value out of everything that holds content, with all that belongs to the person's runs, and writes the
   * file anew. Not within a transaction. Who keeps such content in memory must read it again.
   *
   * @returns how many rows were changed or deleted.
   */
  forget(forgetting: Forgetting, runIds: readonly string[]): number;

  close(): void;
}
