import { createHash } from "node:crypto";
import type { Json } from "../model/json.ts";
import type { ReviewVerdict } from "../model/run.ts";

/** A review as it came, before its run was looked up. */
export interface ReviewDraft {
  kind: "review";
  reviewId: string;
  /** "" where only the trace is known. */
  runId: string;
  traceId: string;
  /** "" where it was not said; the run's own workflow wins. */
  workflow: string;
  verdict: ReviewVerdict;
  output: Json;
  reason: string;
  note: string;
  reviewer: string;
  durationMs: number | null;
  /** When it was given, as far as known; used for imported history only. */
  atMs: number | null;
}

/** An outcome as it came, before its run was looked up. */
export interface OutcomeDraft {
  kind: "outcome";
  outcomeId: string;
  runId: string;
  traceId: string;
  workflow: string;
  /** Names the run where `runId` is "". */
  businessKey: string;
  /** It is kept until its run comes; else an unknown run is an error. */
  mayWait: boolean;
  name: string;
  value: number | boolean | string;
  atMs: number | null;
}

/** What a person decided on a run's input, before its run was looked up. It always waits for its run. */
export interface DecisionDraft {
  kind: "decision";
  decisionId: string;
  runId: string;
  traceId: string;
  workflow: string;
  businessKey: string;
  output: Json;
  reason: string;
  note: string;
  reviewer: string;
  atMs: number | null;
}

export type LabelDraft = ReviewDraft | OutcomeDraft | DecisionDraft;

/** The id by which a label that comes again is recognised. */
export function labelIdOf(label: LabelDraft): string {
  switch (label.kind) {
    case "review":
      return label.reviewId;
    case "outcome":
      return label.outcomeId;
    case "decision":
      return label.decisionId;
  }
}

/** Creates a review. Without an id it gets a hash of what it says, so that a retry is not counted twice. */
export function draftReview(review: Omit<ReviewDraft, "kind">): ReviewDraft {
  const { reviewId, runId, traceId, reviewer, verdict, output } = review;
  const id = reviewId || hashOf([runId || traceId, reviewer, verdict, output]);
  return { kind: "review", ...review, reviewId: id };
}

/** Creates an outcome. Without an id it gets a hash of what it says. */
export function draftOutcome(outcome: Omit<OutcomeDraft, "kind">): OutcomeDraft {
  const { outcomeId, runId, traceId, workflow, businessKey, name, value } = outcome;
  const run = businessKey === "" ? [runId || traceId] : [workflow, businessKey];
  return { kind: "outcome", ...outcome, outcomeId: outcomeId || hashOf([...run, name, value]) };
}

/** Creates a decision. Without an id it gets a hash of what it says. */
export function draftDecision(decision: Omit<DecisionDraft, "kind">): DecisionDraft {
  const { decisionId, runId, workflow, businessKey, reviewer, output } = decision;
  const run = businessKey === "" ? [runId] : [workflow, businessKey];
  return { kind: "decision", ...decision, decisionId: decisionId || hashOf([...run, reviewer, output]) };
}

/** What an evaluator said of a run, in whatever vocabulary it was written. */
export interface Evaluation {
  name: string;
  label: string;
  score: number | null;
  explanation: string;
  /** "" where nobody is named. */
  reviewer: string;
  /** A label that is a verdict makes it a review; else that is an outcome too. */
  mayReview: boolean;
}

/** Creates a review of an evaluation whose label is a verdict, else an outcome; null where it says nothing that counts. */
export function draftEvaluation(
  place: Pick<OutcomeDraft, "runId" | "traceId" | "workflow" | "businessKey" | "atMs">,
  { name, label, score, explanation, reviewer, mayReview }: Evaluation,
): ReviewDraft | OutcomeDraft | null {
  const verdict = mayReview ? readVerdict(label) : null;
  if (verdict !== null) {
    const said = { verdict, output: null, reason: name, note: explanation, reviewer, durationMs: null };
    return draftReview({ ...place, reviewId: "", ...said });
  }
  const value = score ?? label;
  if (name === "" || value === "") return null;
  return draftOutcome({ ...place, mayWait: false, outcomeId: "", name, value });
}

/** Reads a verdict in the words of reviewers and evaluators; null for any other word. */
export function readVerdict(word: Json | undefined): ReviewVerdict | null {
  switch (typeof word === "string" ? word.toLowerCase() : "") {
    case "approved":
    case "approve":
    case "pass":
    case "passed":
    case "correct":
      return "approved";
    case "edited":
    case "edit":
    case "corrected":
      return "edited";
    case "rejected":
    case "reject":
    case "fail":
    case "failed":
    case "incorrect":
      return "rejected";
    default:
      return null;
  }
}

function hashOf(members: Json[]): string {
  return createHash("sha256").update(JSON.stringify(members)).digest("hex").slice(0, 24);
}
