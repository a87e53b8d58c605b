import { dayMs, minuteMs } from "../model/clock.ts";
import { TransientError } from "../model/errors.ts";
import { type LabelDraft, labelIdOf } from "./labels.ts";
import { emptyMapped, type Mapped } from "./mapped.ts";
import type { WaitingEntry, WaitingShelf } from "./ports.ts";

/** A label that came before its run. */
export interface WaitingLabel {
  label: LabelDraft;
  sinceMs: number;
}

/** Outcomes and decisions that came before their runs. */
export interface WaitingLabels {
  /**
   * Keeps labels until their runs come; they are durable on return.
   *
   * @throws {TransientError} If as many wait already as may.
   */
  hold(labels: readonly LabelDraft[], nowMs: number): void;
  /** A run has come: what waits for it is due. */
  arrived(run: { runId: string; workflow: string; businessKey: string }): void;
  /** What is worth a try: labels of runs that have come, and now and then some of the others. */
  takeDue(nowMs: number): WaitingLabel[];
  /** They found their runs, or never will. */
  done(labels: readonly LabelDraft[]): void;
  /** Reads what waits from the shelf again, which was rewritten. */
  recall(): void;
  /** What could not be tried is due again, after a while. */
  putBack(labels: readonly WaitingLabel[], nowMs: number): void;
}

/** Longer than this, and the run will not come. */
const waitMsMax = 30 * dayMs;
/** Another collector may have taken the run, so that only the store knows of it: so many are looked up there at a time. */
const lookUpMax = 50;
const lookUpEveryMs = minuteMs / 6;

/** Creates the waiting room, with what the shelf holds from before. */
export function createWaitingLabels(shelf: WaitingShelf, labelsMax = 100_000): WaitingLabels {
  const waiting = new Map<string, WaitingLabel>();
  /** Ids of labels by what they wait for. */
  const byRun = new Map<string, Set<string>>();
  const due = new Set<string>();
  let lookedMs = Number.NEGATIVE_INFINITY;
  let restUntilMs = Number.NEGATIVE_INFINITY;

  const add = (entry: WaitingLabel) => {
    const id = labelIdOf(entry.label);
    waiting.set(id, entry);
    const run = awaited(entry.label);
    const ids = byRun.get(run) ?? new Set();
    byRun.set(run, ids.add(id));
    // The run may have come in the meantime.
    due.add(id);
  };
  const recall = () => {
    for (const known of [waiting, byRun, due]) known.clear();
    for (const { body, sinceMs } of shelf.all()) add({ label: JSON.parse(body) as LabelDraft, sinceMs });
  };
  recall();

  return {
    recall,
    hold(labels, nowMs) {
      const fresh = labels.filter((label) => !waiting.has(labelIdOf(label)));
      if (waiting.size + fresh.length > labelsMax) {
        throw new TransientError(
          `Cannot keep what came before its run: ${labelsMax} outcomes and decisions wait already`,
          { retryAfterSeconds: 60 },
        );
      }
      if (fresh.length === 0) return;
      shelf.put(
        fresh.map(
          (label): WaitingEntry => ({ id: labelIdOf(label), body: JSON.stringify(label), sinceMs: nowMs }),
        ),
      );
      for (const label of fresh) add({ label, sinceMs: nowMs });
    },
    arrived({ runId, workflow, businessKey }) {
      if (waiting.size === 0) return;
      for (const id of byRun.get(runId) ?? []) due.add(id);
      if (businessKey !== "") for (const id of byRun.get(keyOf(workflow, businessKey)) ?? []) due.add(id);
    },
    takeDue(nowMs) {
      if (nowMs < restUntilMs) return [];
      if (nowMs - lookedMs >= lookUpEveryMs) {
        lookedMs = nowMs;
        for (const [id, entry] of [...waiting].slice(0, lookUpMax)) {
          due.add(id);
          // To the end, so that every one gets its turn.
          waiting.delete(id);
          waiting.set(id, entry);
        }
      }
      const taken = [...due].flatMap((id) => waiting.get(id) ?? []);
      due.clear();
      return taken;
    },
    done(labels) {
      for (const label of labels) {
        const id = labelIdOf(label);
        waiting.delete(id);
        const run = awaited(label);
        const ids = byRun.get(run);
        ids?.delete(id);
        if (ids?.size === 0) byRun.delete(run);
      }
      shelf.remove(labels.map(labelIdOf));
    },
    putBack(labels, nowMs) {
      restUntilMs = nowMs + lookUpEveryMs;
      for (const { label } of labels) due.add(labelIdOf(label));
    },
  };
}

/**
 * Tries what is due. What has waited for a month goes to the reject queue. While runs cannot be looked up everything
 * waits on.
 *
 * @param accept answers the ids of those that wait on.
 */
export async function settleWaiting(
  waiting: WaitingLabels,
  nowMs: number,
  accept: (mapped: Mapped) => Promise<{ waiting: string[] }>,
): Promise<void> {
  const due = waiting.takeDue(nowMs);
  if (due.length === 0) return;
  const labels = due.map(({ label }) => label);
  try {
    const still = new Set((await accept({ ...emptyMapped(), labels })).waiting);
    const bad = due
      .filter(({ label, sinceMs }) => nowMs - sinceMs > waitMsMax && still.delete(labelIdOf(label)))
      .map(({ label }) => ({ reason: "unknown_run", body: { ...label } }));
    if (bad.length > 0) await accept({ ...emptyMapped(), bad });
    waiting.done(labels.filter((label) => !still.has(labelIdOf(label))));
  } catch (error) {
    waiting.putBack(due, nowMs);
    if (!(error instanceof TransientError)) throw error;
  }
}

function awaited(label: LabelDraft): string {
  const businessKey = label.kind === "review" ? "" : label.businessKey;
  return label.runId !== "" || businessKey === "" ? label.runId : keyOf(label.workflow, businessKey);
}

function keyOf(workflow: string, businessKey: string): string {
  return `${workflow}\0${businessKey}`;
}
