import { minuteMs } from "../model/clock.ts";
import type { AutomationParts } from "./automation-parts.ts";
import { createDeck } from "./random.ts";
import type { Ticket } from "./records.ts";
import { editedShare, type ReviewOfTriage, reviewedShare, reviewTriage } from "./review.ts";
import { callModel, prompts, type Triage, triageVersion, triageWorkflow } from "./ticket-triage.ts";

/** The triage automation and its reviewers, fed with one message at a time. */
export interface LiveTriage {
  /** Answers one message that came at `atMs`. */
  answer(atMs: number, faults: { promptChanged: boolean; reviewersOverride: boolean }): void;
  /** Sends the reviews that people have finished by `nowMs`. */
  sendReviews(nowMs: number): void;
}

const reviewDelayMs = 5 * minuteMs;

/** Builds the triage automation under both prompts, each wrapped in `observe`. */
export function createLiveTriage({ client, records, random, runClock }: AutomationParts): LiveTriage {
  const draw = createDeck(records.tickets, random);
  const open: { runId: string; dueMs: number; review: ReviewOfTriage }[] = [];

  function observeTriage(prompt: string): (ticket: Ticket) => { runId: string; triage: Triage } {
    const version = triageVersion(prompt);
    return client.observe(
      (ticket: Ticket) => {
        const run = client.currentRun();
        const call = client.step(
          "classify",
          (model) => {
            const made = callModel(prompt, ticket, random);
            runClock.ms += made.durationMs;
            model.tokens(made.inputTokens, made.outputTokens);
            return made;
          },
          { kind: "model", model: version.model },
        );
        run.confidence(call.confidence);
        run.tokens(call.inputTokens, call.outputTokens);
        return { runId: run.id, triage: call.triage };
      },
      {
        workflow: triageWorkflow,
        ...version,
        inputs: ({ text }) => ({ text }),
        outputs: ({ triage }) => triage,
      },
    );
  }
  const before = observeTriage(prompts.before);
  const after = observeTriage(prompts.after);

  return {
    answer(atMs, { promptChanged, reviewersOverride }) {
      runClock.ms = atMs;
      const { runId, triage } = promptChanged ? after(draw()) : before(draw());
      if (random.next() >= reviewedShare) return;
      const share = reviewersOverride ? editedShare.after : editedShare.before;
      open.push({ runId, dueMs: atMs + reviewDelayMs, review: reviewTriage(triage, share, random) });
    },

    sendReviews(nowMs) {
      for (let next = open[0]; next !== undefined && next.dueMs <= nowMs; next = open[0]) {
        open.shift();
        runClock.ms = next.dueMs;
        client.review(next.runId, next.review);
      }
    },
  };
}
