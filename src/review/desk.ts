import type { Logger } from "pino";
import type { ClaimedRun, Journal, QueuedRun } from "../journal/port.ts";
import { type Clock, dayMs, minuteMs, systemClock } from "../model/clock.ts";
import { TransientError } from "../model/errors.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { ReviewVerdict } from "../model/run.ts";
import type { Receipt, Store } from "../store/port.ts";

/** A run that one reviewer holds, with everything they need to see. */
export interface Claim {
  run: ClaimedRun;
  receipt: Receipt;
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
   * Takes an answer. It is recorded after `undoMs`, so that it can be taken back until then.
   * False where the reviewer no longer holds the run.
   */
  answer(runId: string, reviewer: string, answer: Answer): boolean;
  /** Takes the reviewer's last answer back, so that they hold the run again; null when it is too late. */
  undo(reviewer: string): QueuedRun | null;
  /** The reviewer's last answer, while it can still be taken back. */
  undoable(reviewer: string): QueuedRun | null;
  /** Gives a claimed run back to the queue without an answer. */
  skip(runId: string, reviewer: string): void;
  /** Runs waiting, by workflow. */
  waiting(): { workflow: string; runs: number }[];
  /** How many answers a reviewer has left since midnight UTC. */
  answeredToday(reviewer: string): number;
  /** Records the answers whose time has come; with `true` all of them, before the end. Call it every few seconds. */
  settle(isLast?: boolean): Promise<void>;
}

/** What a desk is built on. */
export interface DeskDeps {
  journal: Pick<Journal, "reviewQueue">;
  store: Pick<Store, "receipt">;
  /** The collector's `review`, so that a review is durable in the same way. Null if the run is not known there. */
  record: (runId: string, body: Json, chosenBy: "random" | "targeted") => Promise<unknown>;
  /** Called with each round-one answer of the random sample, to ask for a second opinion on some. */
  onRecorded?: (run: QueuedRun) => void;
  log: Logger;
  /** People take real time, whatever clock the data runs on. */
  wallClock?: Clock;
  /** How long a claim lasts. */
  claimMs?: number;
  /** How long an answer can be taken back. */
  undoMs?: number;
}

interface Pending {
  run: ClaimedRun;
  reviewer: string;
  answer: Answer;
  answeredAtMs: number;
}

/**
 * Creates the desk. Answers wait in memory until they can no longer be taken back: they may hold what must not
 * reach the disk before redaction. A crash in between loses at most `undoMs` of answers, and their claims run out,
 * so that the runs come up again.
 */
export function createReviewDesk(deps: DeskDeps): ReviewDesk {
  const { journal, store, wallClock: clock = systemClock, claimMs = 15 * minuteMs, undoMs = 15_000 } = deps;
  const queue = journal.reviewQueue;
  const pending = new Map<string, Pending>();
  const last = (reviewer: string) =>
    [...pending.values()].filter((entry) => entry.reviewer === reviewer).at(-1);

  return {
    async next(reviewer, workflow) {
      for (;;) {
        const nowMs = clock.nowMs();
        const except = [...pending.keys()];
        const run = queue.claim({ reviewer, workflow, nowMs, untilMs: nowMs + claimMs, except });
        if (run === null) return null;
        const receipt = await store.receipt(run.runId);
        if (receipt !== null) return { run, receipt };
        // The run's time in the store is over: there is nothing left to review.
        queue.done(run, nowMs);
      }
    },
    answer(runId, reviewer, answer) {
      const nowMs = clock.nowMs();
      const run = queue.held(runId, reviewer, nowMs);
      if (run === null || pending.has(runId)) return false;
      queue.extend(run, nowMs + undoMs + claimMs);
      pending.set(runId, { run, reviewer, answer, answeredAtMs: nowMs });
      return true;
    },
    undo(reviewer) {
      const entry = last(reviewer);
      if (entry === undefined) return null;
      pending.delete(entry.run.runId);
      return entry.run;
    },
    undoable: (reviewer) => last(reviewer)?.run ?? null,
    skip(runId, reviewer) {
      const run = queue.held(runId, reviewer, clock.nowMs());
      if (run !== null && !pending.has(runId)) queue.release(run, clock.nowMs());
    },
    waiting() {
      const taken = new Map<string, number>();
      for (const { run } of pending.values()) taken.set(run.workflow, (taken.get(run.workflow) ?? 0) + 1);
      return queue
        .open()
        .map(({ workflow, runs }) => ({ workflow, runs: runs - (taken.get(workflow) ?? 0) }))
        .filter(({ runs }) => runs > 0);
    },
    answeredToday: (reviewer) =>
      queue.answered(reviewer, Math.floor(clock.nowMs() / dayMs) * dayMs) +
      [...pending.values()].filter((entry) => entry.reviewer === reviewer).length,
    async settle(isLast = false) {
      const nowMs = clock.nowMs();
      const due = [...pending.values()].filter((entry) => isLast || entry.answeredAtMs + undoMs <= nowMs);
      for (const entry of due) {
        // Taken out before it is recorded: from here on it cannot be taken back.
        pending.delete(entry.run.runId);
        if (!(await recordAnswer(deps, entry))) pending.set(entry.run.runId, entry);
      }
    },
  };
}

/** False where the answer could not be recorded now and must be kept. */
async function recordAnswer(
  deps: DeskDeps,
  { run, reviewer, answer, answeredAtMs }: Pending,
): Promise<boolean> {
  const { verdict, output, reason, note } = answer;
  const body: JsonObject = { verdict, reason, note, reviewer, duration_ms: answeredAtMs - run.claimedAtMs };
  if (verdict === "edited") body.output = output;
  // A second opinion is no second observation.
  const chosenBy = run.round === 1 ? run.chosenBy : "targeted";
  try {
    const recorded = await deps.record(run.runId, body, chosenBy);
    if (recorded === null) deps.log.warn({ runId: run.runId }, "A review was left out: its run is not known");
  } catch (error) {
    if (error instanceof TransientError) return false;
    deps.log.error({ err: error, runId: run.runId }, "A review could not be recorded");
  }
  deps.journal.reviewQueue.done(run, answeredAtMs);
  if (run.round === 1 && run.chosenBy === "random") deps.onRecorded?.(run);
  return true;
}
