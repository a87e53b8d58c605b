import type { Random } from "./random.ts";
import type { Triage } from "./ticket-triage.ts";

/** What a person made of an answer. */
export interface ReviewOfTriage {
  verdict: "approved" | "edited";
  output?: Triage;
  reason?: string;
  reviewer: string;
  durationMs: number;
}

/** Share of the runs that a person looks at. */
export const reviewedShare = 0.4;
/** Shares of these that they correct, before and after they lose faith in the priorities. */
export const editedShare = { before: 0.04, after: 0.5 } as const;

const reviewers = ["amira", "ben", "chloe"];

/** A review: most answers are approved, some get another priority. */
export function reviewTriage(triage: Triage, share: number, random: Random): ReviewOfTriage {
  const reviewer = reviewers[Math.floor(random.next() * reviewers.length)] ?? "amira";
  const durationMs = 8000 + Math.floor(random.next() * 20_000);
  if (random.next() >= share) return { verdict: "approved", reviewer, durationMs };
  const priority = triage.priority === "urgent" ? "high" : "urgent";
  const output = { ...triage, priority };
  return { verdict: "edited", output, reason: "wrong priority", reviewer, durationMs };
}
