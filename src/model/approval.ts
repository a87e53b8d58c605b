import type { Json } from "./json.ts";

/**
 * The states of an item that was held before the act:
 *
 *   held          waits for a person             → approved, rejected, done_by_hand, timed_out
 *   approved      a person let the act happen    (end)
 *   rejected      a person forbade it            (end)
 *   done_by_hand  a person did it themselves     (end)
 *   timed_out     nobody decided in time; the caller has gone on without an answer
 *                                                → rejected, done_by_hand; never approved
 */
export type ApprovalState = "held" | "approved" | "rejected" | "done_by_hand" | "timed_out";

/** What a person decides about a held item. */
export type ApprovalDecision = "approve" | "reject" | "done_by_hand";

/** Something that an automation wants to do, held before the act. Values are redacted. */
export interface Approval {
  approvalId: string;
  workflow: string;
  /** What would be done, in a few words: `pay the invoice`. */
  action: string;
  /** The run that asks; "" where none was named. */
  runId: string;
  /** What the act would be done with. */
  payload: Json;
  inputs: Json;
  outputs: Json;
  confidence: number | null;
  /** What a person needs to know to finish by hand; "" for nothing. */
  note: string;
  /** The last error of the automation; "" for none. */
  error: string;
  /** Why it is held, most telling first: `topic: money`. */
  reasons: string[];
  state: ApprovalState;
  heldAtMs: number;
  deadlineMs: number;
  /** Whether the act happens when nobody decides in time. */
  actsOnTimeout: boolean;
  /** When it left `held`; null before. */
  decidedAtMs: number | null;
  /** Who brought it into its present state; `evenkeel` for a time-out, "" while it is held. */
  actor: string;
  /** Why the person decided so; "" for nothing said. */
  reason: string;
  /** Keyed hash of what was asked, before redaction: the same id stands for the same act. */
  fingerprint: string;
}

/** Whether the act may happen. Nothing but a person's word, or the configured default after the deadline, allows it. */
export function mayAct({ state, actsOnTimeout }: Pick<Approval, "state" | "actsOnTimeout">): boolean {
  return state === "approved" || (state === "timed_out" && actsOnTimeout);
}

/** Whether a person still has something to do: to decide, or to finish what timed out. */
export function isOpen({ state, actsOnTimeout }: Pick<Approval, "state" | "actsOnTimeout">): boolean {
  return state === "held" || (state === "timed_out" && !actsOnTimeout);
}
