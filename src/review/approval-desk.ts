import type { Journal } from "../journal/port.ts";
import { type Approval, type ApprovalDecision, type ApprovalState, isOpen } from "../model/approval.ts";
import { type Clock, dayMs } from "../model/clock.ts";
import type { Finding, Unjudged } from "../model/contract.ts";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { CounterLike } from "../model/meters.ts";
import { ownActor } from "../model/own-actor.ts";
import { createApprovalWaiters } from "./approval-waiters.ts";
import { type HardStops, hardStopReasons } from "./hard-stops.ts";
import { checkPayload } from "./payload-bounds.ts";

/** How a workflow's items are held. */
export interface ApprovalSettings {
  waitMs: number;
  actsOnTimeout: boolean;
  /** Null: everything is held. */
  hardStops: HardStops | null;
  /** Words that mean nothing was there, in lower case. */
  nullWords: ReadonlySet<string>;
}

/** What an automation wants to do. Nothing in it is redacted yet. */
export interface ApprovalRequest {
  /** Stands for one act for ever: asked again, it answers what became of it. */
  approvalId: string;
  workflow: string;
  action: string;
  payload: Json;
  inputs: Json;
  outputs: Json;
  confidence: number | null;
  runId: string;
  note: string;
  error: string;
  /** Hold it whatever the rules say. */
  hold: boolean;
  /** The name of the key that asks; "" where no keys are configured. */
  askedBy: string;
}

/** What is answered to an automation that asks. */
export type ApprovalAnswer =
  /** No rule holds it: it may act, and nothing is kept of it. */
  | { kind: "clear" }
  | { kind: "known"; approval: Approval }
  /** The id stands for another act. */
  | { kind: "conflict" };

/** What became of a decision. */
export type DecisionOutcome =
  | { kind: "decided"; approval: Approval }
  /** It has left the state in which it could be decided so. */
  | { kind: "too late"; approval: Approval }
  | { kind: "unknown" };

/** Where automations ask before they act, and people answer. */
export interface ApprovalDesk {
  /**
   * Durable on return.
   *
   * @throws {TransientError} If too many items wait already, in all, of the workflow or of the key.
   * @throws {PermanentError} If the payload is larger than a person can be shown.
   */
  ask(request: ApprovalRequest): ApprovalAnswer;
  get(approvalId: string): Approval | null;
  /** Resolves with the item once it is no longer held, or after `waitMs`, or when the caller has gone. */
  wait(approvalId: string, waitMs: number, gone: AbortSignal): Promise<Approval | null>;
  decide(
    approvalId: string,
    decision: ApprovalDecision,
    act: { actor: string; reason: string },
  ): DecisionOutcome;
  /** Items that ask for a person, held ones first. */
  open(workflow?: string): Approval[];
  list(filter?: Parameters<Journal["approvals"]["list"]>[0]): Approval[];
  /** Items that ask for a person, by workflow. */
  waiting(): { workflow: string; items: number }[];
  /** Ends what nobody decided in time, and counts what was decided. Call it every second. */
  settle(): Promise<void>;
  /** Answers everyone who waits, as it stands. */
  release(): void;
}

/** What a desk is built on. */
export interface ApprovalDeskDeps {
  journal: Pick<Journal, "approvals" | "audit" | "pauses" | "transaction">;
  settings: (workflow: string) => ApprovalSettings;
  /** What the contract finds, and what it cannot judge, since a person shall look at that too. */
  checkContract: (
    workflow: string,
    inputs: Json,
    outputs: Json,
  ) => { findings: readonly Finding[]; unjudged: readonly Unjudged[] };
  /** Takes secrets and personal data out of a value, or a text. */
  redact: { value: (value: Json, root: string) => Json; text: (text: string) => string };
  /** Keyed hash of an act, whatever the order of its members. */
  fingerprint: (act: Json) => string;
  /** Owes people word of an item that is held, or timed out; joins the transaction. */
  tell: (approval: Approval) => void;
  /** Adds what was decided to the signals, once. */
  count: (approval: Approval) => Promise<void>;
  meters: { approvals: CounterLike<"workflow" | "state"> };
  /** People take real time, whatever clock the data runs on. */
  wallClock: Clock;
  keptMs?: number;
}

const openMax = 10_000;
/** Half of the places, so that one flood leaves room for the others. */
const openOfOneMax = openMax / 2;
const batchMax = 500;
const states: Record<ApprovalDecision, ApprovalState> = {
  approve: "approved",
  reject: "rejected",
  done_by_hand: "done_by_hand",
};

/** Creates the desk. Its state is in the journal; those who wait for an answer are in memory, and ask again. */
export function createApprovalDesk(deps: ApprovalDeskDeps): ApprovalDesk {
  const { journal, meters, wallClock: clock, keptMs = 90 * dayMs } = deps;
  const { approvals } = journal;
  const waiters = createApprovalWaiters();

  function move(approval: Approval, state: ApprovalState, actor: string, reason: string): Approval {
    const atMs = clock.nowMs();
    const decidedAtMs = approval.decidedAtMs ?? atMs;
    const moved = { ...approval, state, actor, reason, decidedAtMs };
    journal.transaction(() => {
      approvals.put(moved);
      audit(deps, moved, `approval ${state}`, actor, reason);
      if (state === "timed_out") deps.tell(moved);
    });
    meters.approvals.inc({ workflow: moved.workflow, state });
    waiters.wake(moved.approvalId);
    return moved;
  }

  const timeOut = (approval: Approval) => move(approval, "timed_out", ownActor, "nobody decided in time");
  const current = (approvalId: string): Approval | null => {
    const approval = approvals.get(approvalId);
    const isLate = approval?.state === "held" && approval.deadlineMs <= clock.nowMs();
    return isLate ? timeOut(approval) : approval;
  };

  return {
    ask(request) {
      checkPayload(request.payload);
      try {
        return ask(deps, request, current(request.approvalId));
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new PermanentError("Cannot ask: what is asked must be nested less deep", { cause });
      }
    },
    get: current,
    async wait(approvalId, waitMs, gone) {
      if (current(approvalId)?.state === "held") await waiters.wait(approvalId, waitMs, gone);
      return current(approvalId);
    },
    decide(approvalId, decision, { actor, reason }) {
      const approval = current(approvalId);
      if (approval === null) return { kind: "unknown" };
      const mayDecide = approval.state === "held" || (isOpen(approval) && decision !== "approve");
      if (!mayDecide) return { kind: "too late", approval };
      return { kind: "decided", approval: move(approval, states[decision], actor, deps.redact.text(reason)) };
    },
    open: (workflow) => approvals.open({ workflow, limit: batchMax }),
    list: (filter) => approvals.list(filter),
    waiting: () => approvals.openCounts(),
    async settle() {
      for (const approval of approvals.due(clock.nowMs(), batchMax)) timeOut(approval);
      for (const approval of approvals.uncounted(batchMax)) {
        await deps.count(approval);
        approvals.counted(approval.approvalId);
      }
      approvals.forget(clock.nowMs() - keptMs);
    },
    release: () => waiters.release(),
  };
}

function ask(deps: ApprovalDeskDeps, request: ApprovalRequest, known: Approval | null): ApprovalAnswer {
  const { journal, meters } = deps;
  const { approvalId, workflow, action, payload } = request;
  const fingerprint = deps.fingerprint([workflow, action, payload]);
  if (known !== null) {
    return known.fingerprint === fingerprint ? { kind: "known", approval: known } : { kind: "conflict" };
  }
  const settings = deps.settings(workflow);
  const clean = redacted(deps, request);
  const reasons = reasonsToHold(deps, settings, request, clean).map((reason) => deps.redact.text(reason));
  if (reasons.length === 0) {
    meters.approvals.inc({ workflow, state: "clear" });
    return { kind: "clear" };
  }
  checkRoom(journal, request);
  const nowMs = deps.wallClock.nowMs();
  const approval: Approval = {
    ...clean,
    approvalId,
    workflow,
    confidence: request.confidence,
    runId: request.runId,
    reasons,
    state: "held",
    heldAtMs: nowMs,
    deadlineMs: nowMs + settings.waitMs,
    actsOnTimeout: settings.actsOnTimeout,
    decidedAtMs: null,
    actor: "",
    reason: "",
    fingerprint,
  };
  journal.transaction(() => {
    journal.approvals.put(approval, request.askedBy);
    audit(deps, approval, "approval held", ownActor, reasons.join("; "));
    deps.tell(approval);
  });
  meters.approvals.inc({ workflow, state: "held" });
  return { kind: "known", approval };
}

function checkRoom({ approvals }: ApprovalDeskDeps["journal"], { workflow, askedBy }: ApprovalRequest): void {
  const counts = approvals.openCounts();
  const rooms = [
    { of: "", open: counts.reduce((sum, { items }) => sum + items, 0), max: openMax },
    {
      of: ` of workflow '${workflow}'`,
      open: counts.find((one) => one.workflow === workflow)?.items ?? 0,
      max: openOfOneMax,
    },
    // Without keys everyone is the same.
    {
      of: ` that key '${askedBy}' asked about`,
      open: askedBy === "" ? 0 : approvals.openAskedBy(askedBy),
      max: openOfOneMax,
    },
  ];
  const full = rooms.find(({ open, max }) => open >= max);
  if (full === undefined) return;
  throw new TransientError(`Cannot hold the item: at most ${full.max}${full.of} may wait for a person`, {
    retryAfterSeconds: 60,
  });
}

function redacted(
  { redact }: ApprovalDeskDeps,
  { action, payload, inputs, outputs, note, error }: ApprovalRequest,
) {
  return {
    action: redact.text(action),
    payload: redact.value(payload, "payload"),
    inputs: redact.value(inputs, "input"),
    outputs: redact.value(outputs, "output"),
    note: redact.text(note),
    error: redact.text(error),
  };
}

function reasonsToHold(
  { journal, checkContract }: ApprovalDeskDeps,
  { hardStops, nullWords }: ApprovalSettings,
  request: ApprovalRequest,
  clean: Pick<ApprovalRequest, "payload" | "inputs" | "outputs">,
): string[] {
  const reasons = request.hold ? ["the automation asks for a person"] : [];
  if (journal.pauses.get(request.workflow).state === "paused") reasons.push("the workflow is paused");
  if (hardStops === null) return reasons.length > 0 ? reasons : ["every item of the workflow is held"];
  // As the collector does: on values that were redacted, and are bounded in size.
  const { findings, unjudged } = checkContract(
    request.workflow,
    clean.inputs,
    clean.outputs ?? clean.payload,
  );
  return [...reasons, ...hardStopReasons(hardStops, { ...request, findings, unjudged, nullWords })];
}

function audit(
  { journal, wallClock }: ApprovalDeskDeps,
  { approvalId, workflow }: Approval,
  action: string,
  actor: string,
  why: string,
): void {
  const detail = `${approvalId}${why === "" ? "" : `: ${why}`}`;
  journal.audit.append({ atMs: wallClock.nowMs(), actor, action, workflow, detail });
}
