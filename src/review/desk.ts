import type { Json } from "../model/json.ts";
import type { ReviewVerdict } from "../model/run.ts";
import type { Receipt } from "../store/port.ts";

/** A run that waits for a person. */
export interface QueuedRun {
  runId: string;
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

/** A run that one reviewer holds, with everything they need to see. */
export interface Claim {
  run: QueuedRun;
  receipt: Receipt;
  claimedAtMs: number;
  claimedUntilMs: number;
}

/** What the reviewer says about a run. */
export interface Answer {
  verdict: ReviewVerdict;
  /** The corrected output of an edit; null otherwise. */
  output: Json;
  reason: string;
  note: string;
}

/** Where reviewers get their next run and leave their answers. */
export interface ReviewDesk {
  /** Claims the next run for a reviewer; the one they hold already, if they hold one. Null when none waits. */
  next(reviewer: string, workflow?: string): Promise<Claim | null>;
  /**
   * Takes an answer. It is recorded after a short while (`undoMs`), so that it can be taken back.
   * False where the reviewer no longer holds the run.
   */
  answer(runId: string, reviewer: string, answer: Answer): boolean;
  /** Takes the reviewer's last answer back and gives them the run again; null when it is too late. */
  undo(reviewer: string): QueuedRun | null;
  /** The reviewer's last answer, while it can still be taken back. */
  undoable(reviewer: string): QueuedRun | null;
  /** Gives a claimed run back to the queue without an answer. */
  skip(runId: string, reviewer: string): void;
  /** Runs waiting, by workflow. */
  waiting(): { workflow: string; runs: number }[];
  /** How many answers a reviewer has left since `sinceMs`. */
  answered(reviewer: string, sinceMs: number): number;
}
