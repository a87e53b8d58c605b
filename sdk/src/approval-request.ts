/** An act that must not happen before somebody, or a rule, has let it. */
export interface ApprovalRequest {
  /** What would be done, in a few words: `pay the invoice`. */
  action: string;
  /** What it would be done with; a person sees it, without secrets and personal data. */
  payload?: unknown;
  /** Default: the workflow of the run in progress. */
  workflow?: string | undefined;
  /**
   * Stands for this one act for ever. Give one that follows from the work (`invoice-4711-pay`), and a program that was
   * restarted hears the answer to its question instead of asking anew. Default: a new id.
   */
  id?: string | undefined;
  /** Default: those of the run in progress. */
  inputs?: unknown;
  /** What the contract is checked against. Default: the payload. */
  outputs?: unknown;
  /** How sure the automation is, 0 to 1. Default: what the run in progress has said. */
  confidence?: number | undefined;
  /** What a person needs to know to finish it by hand. */
  note?: string | undefined;
  /** The last error, for the person who takes over. */
  error?: Error | string | undefined;
  /** Hold it whatever the rules say. Default: false. */
  hold?: boolean | undefined;
  /** How long to wait for a person, in milliseconds; 0 only asks. Default: until the item's own deadline. */
  waitMs?: number | undefined;
  /** How long to wait for a sidecar that cannot be reached, in milliseconds. Default: 60,000. */
  unreachableMs?: number | undefined;
  /** What to do when it stays so and the item is not known to be held. Default: `hold`. */
  onUnknown?: "hold" | "act" | undefined;
}

/**
 * What holds of an act. `clear`: no rule holds it. `held`: nobody has decided yet. `refused`: the sidecar does not take
 * the question (a wrong key, an id that stands for another act). `unknown`: it could not be asked.
 */
export type ApprovalState =
  | "clear"
  | "held"
  | "approved"
  | "rejected"
  | "done_by_hand"
  | "timed_out"
  | "refused"
  | "unknown";

/** The answer to an approval. */
export interface ApprovalAnswer {
  /** Do it only if this is true. */
  act: boolean;
  state: ApprovalState;
  id: string;
  /** Why a person decided so, or why there is no answer; "" where nothing was said or the key may not read it. */
  reason: string;
  /** Who decided, "" where the key may not read it. */
  actor: string;
}
