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

/** Labels that are read and tried at a time. */
const dueMax = 500;

/** Creates the waiting room over the shelf, which holds what waits; in memory is only what it waits for. */
export function createWaitingLabels(shelf: WaitingShelf, labelsMax = 100_000): WaitingLabels {
  const index = createIndex();
  let lookedMs = Number.NEGATIVE_INFINITY;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  for (const entry of shelf.all()) index.add(entry);
  return {
    hold(labels, nowMs) {
      const fresh = labels.filter((label) => index.get(labelIdOf(label)) === undefined);
      if (index.size() + fresh.length > labelsMax) {
        throw new TransientError(
          `Cannot keep what came before its run: ${labelsMax} outcomes and decisions wait already`,
          { retryAfterSeconds: 60 },
        );
      }
      if (fresh.length === 0) return;
      const entries = fresh.map((label) => ({
        id: labelIdOf(label),
        awaits: awaited(label),
        sinceMs: nowMs,
        body: JSON.stringify(label),
      }));
      shelf.put(entries);
      for (const { id, awaits, sinceMs } of entries) index.add({ id, awaits, sinceMs });
    },
    arrived({ runId, workflow, businessKey }) {
      if (index.size() === 0) return;
      index.wake(runId);
      if (businessKey !== "") index.wake(keyOf(workflow, businessKey));
    },
    takeDue(nowMs) {
      if (nowMs < restUntilMs) return [];
      if (nowMs - lookedMs >= lookUpEveryMs) {
        lookedMs = nowMs;
        index.wakeSome(lookUpMax);
      }
      return readLabels(shelf, index, index.takeDue(dueMax));
    },
    done(labels) {
      const ids = labels.map(labelIdOf);
      for (const id of ids) index.drop(id);
      shelf.remove(ids);
    },
    recall() {
      index.clear();
      for (const entry of shelf.all()) index.add(entry);
    },
    putBack(labels, nowMs) {
      restUntilMs = nowMs + lookUpEveryMs;
      for (const { label } of labels) index.wakeOne(labelIdOf(label));
    },
  };
}

function readLabels(shelf: WaitingShelf, index: Index, ids: readonly string[]): WaitingLabel[] {
  if (ids.length === 0) return [];
  const bodies = new Map(shelf.bodies(ids).map(({ id, body }) => [id, body]));
  return ids.flatMap((id): WaitingLabel[] => {
    const [entry, body] = [index.get(id), bodies.get(id)];
    if (entry !== undefined && body !== undefined)
      return [{ label: JSON.parse(body) as LabelDraft, sinceMs: entry.sinceMs }];
    // It was taken from the shelf by other hands, as when a person's data is deleted.
    index.drop(id);
    return [];
  });
}

type Index = ReturnType<typeof createIndex>;

/** What waits, by what it waits for, and what of it is due. */
function createIndex() {
  const waiting = new Map<string, WaitingEntry>();
  const byRun = new Map<string, Set<string>>();
  const due = new Set<string>();
  return {
    size: () => waiting.size,
    clear(): void {
      waiting.clear();
      byRun.clear();
      due.clear();
    },
    get: (id: string) => waiting.get(id),
    add(entry: WaitingEntry): void {
      waiting.set(entry.id, entry);
      byRun.set(entry.awaits, (byRun.get(entry.awaits) ?? new Set()).add(entry.id));
      // The run may have come in the meantime.
      due.add(entry.id);
    },
    drop(id: string): void {
      const awaits = waiting.get(id)?.awaits ?? "";
      waiting.delete(id);
      const ids = byRun.get(awaits);
      ids?.delete(id);
      if (ids?.size === 0) byRun.delete(awaits);
    },
    wake(awaits: string): void {
      for (const id of byRun.get(awaits) ?? []) due.add(id);
    },
    wakeOne: (id: string) => void due.add(id),
    /** Those that were not woken for longest, so that every one gets its turn. */
    wakeSome(count: number): void {
      for (const [id, entry] of [...waiting].slice(0, count)) {
        due.add(id);
        waiting.delete(id);
        waiting.set(id, entry);
      }
    },
    takeDue(count: number): string[] {
      const ids = [...due].slice(0, count);
      for (const id of ids) due.delete(id);
      return ids;
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
  // Not joined by NUL: SQLite would end the text there.
  return JSON.stringify([workflow, businessKey]);
}
