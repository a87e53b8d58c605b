import { setImmediate as yieldToEventLoop } from "node:timers/promises";
import { hourMs, minuteMs } from "../model/clock.ts";
import { every, type Recurring } from "../every.ts";
import { createActions, type WatchActions } from "./actions.ts";
import { judgeUnlearned, tendBaseline } from "./learning.ts";
import type { WatchDeps } from "./ports.ts";
import { judgeStanding, sweepWorkflow } from "./sweep.ts";
import { knownFields, recall, remember, type Watched } from "./watched.ts";

/** After a long absence the minutes are caught up with in spans of this length: all counts of one are in memory at once. */
const spanMaxMs = hourMs;
/** Real milliseconds between two looks for workflows that can get their first baseline. */
const learnEveryMs = 2_000;

/** The loop that turns closed minutes into verdicts and incidents, and what people may ask of it. */
export interface WatchLoop extends WatchActions {
  /** One sweep: everything that has closed since the last one. Sweeps never overlap. */
  sweep(): Promise<void>;
  /** Real milliseconds since a sweep last succeeded; null before the first. */
  sinceSweepMs(): number | null;
  /** Up to when minutes have been judged; null before the first sweep. */
  judgedThroughMs(): number | null;
  start(everyMs: number): void;
  /** Writes down where everything stands, lets the journal be rewritten, and reads it again, as after a restart. */
  recallAfter(rewriteJournal: () => void): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Creates the watch and brings it back to where it was.
 *
 * Each sweep reads every minute that has closed and left the spool, once, for all workflows in one query; its
 * cost depends on signals and minutes, not on runs.
 */
export function createWatch(deps: WatchDeps): WatchLoop {
  const workflows = new Map<string, Watched>();
  let cursorMs: number | null = null;
  let lookedMs = -Infinity;
  let running: Promise<void> | null = null;
  let sweptMs: number | null = null;
  let loop: Recurring | null = null;

  const sweepOnce = async () => {
    const startedMs = performance.now();
    const untilMs = Math.floor(deps.storedThroughMs() / minuteMs) * minuteMs;
    cursorMs ??= await restore(deps, workflows, untilMs);
    while (cursorMs < untilMs) {
      const toMs = Math.min(untilMs, cursorMs + spanMaxMs);
      await sweepSpan(deps, workflows, cursorMs, toMs);
      cursorMs = toMs;
    }
    if (startedMs - lookedMs >= learnEveryMs && !deps.isImporting()) {
      lookedMs = startedMs;
      await lookForBaselines(deps, workflows, cursorMs);
    }
    deps.metrics.sweepDurationSeconds.observe({}, (performance.now() - startedMs) / 1000);
  };

  const sweep = () => {
    running ??= succeeds(deps, sweepOnce())
      .then((isDone) => {
        if (isDone) sweptMs = performance.now();
      })
      .finally(() => {
        running = null;
      });
    return running;
  };

  return {
    ...createActions(deps, workflows),
    sweep,
    judgedThroughMs: () => cursorMs,
    sinceSweepMs: () => (sweptMs === null ? null : performance.now() - sweptMs),
    start(everyMs) {
      void sweep();
      loop = every(everyMs, "sweep", deps.log, sweep);
    },
    async recallAfter(rewriteJournal) {
      while (running !== null) await running;
      rememberAll(deps, workflows);
      // In one turn with it: no sweep may save what it still holds from before.
      rewriteJournal();
      workflows.clear();
      cursorMs = null;
      await sweep();
    },
    async stop() {
      await loop?.stop();
      await running;
      rememberAll(deps, workflows);
    },
  };
}

/** Counts what became of a sweep; a failure is told, and tried again with the next. */
async function succeeds({ metrics, clock, log }: WatchDeps, sweep: Promise<void>): Promise<boolean> {
  try {
    await sweep;
    metrics.sweeps.inc({ result: "ok" });
    metrics.sweepLastSuccessTimestampSeconds.set({}, clock.nowMs() / 1000);
    return true;
  } catch (error) {
    metrics.sweeps.inc({ result: "failed" });
    log.error({ err: error }, "Cannot sweep");
    return false;
  }
}

function rememberAll({ journal }: WatchDeps, workflows: ReadonlyMap<string, Watched>): void {
  journal.transaction(() => {
    for (const watched of workflows.values()) remember(journal, watched);
  });
}

/** Brings back every known workflow. Answers where to read on from: the earliest position of any of them. */
async function restore(deps: WatchDeps, workflows: Map<string, Watched>, nowMs: number): Promise<number> {
  for (const { workflow, runs, lastMs } of await deps.store.readWorkflows()) {
    const watched = recall(deps.journal, workflow, nowMs);
    workflows.set(workflow, { ...watched, runs, lastRunAtMs: lastMs });
  }
  return Math.min(nowMs, ...[...workflows.values()].map(({ throughMs }) => throughMs));
}

async function sweepSpan(
  deps: WatchDeps,
  workflows: Map<string, Watched>,
  fromMs: number,
  toMs: number,
): Promise<void> {
  const known = knownFields(workflows.values());
  const read = await deps.store.readMinutes({ fromMs, toMs, known });
  const versions = await deps.store.readVersions({ fromMs, toMs });
  for (const workflow of read.keys()) {
    if (!workflows.has(workflow)) workflows.set(workflow, recall(deps.journal, workflow, fromMs));
  }
  for (const watched of workflows.values()) {
    const own = read.get(watched.workflow) ?? [];
    const models = own.filter(({ kind }) => kind === "model");
    // A workflow that was further along than the others has read these minutes already.
    const buckets = own.filter(({ kind, startMs }) => kind !== "model" && startMs >= watched.throughMs);
    await sweepWorkflow(deps, watched, { buckets, versions, models, fromMs, toMs });
    await yieldToEventLoop();
  }
}

/** Learns first baselines, and lets young ones grow. Imported history shows up here: it lies behind the sweep. */
async function lookForBaselines(
  deps: WatchDeps,
  workflows: Map<string, Watched>,
  nowMs: number,
): Promise<void> {
  for (const { workflow, runs, lastMs } of await deps.store.readWorkflows()) {
    let watched = workflows.get(workflow);
    if (watched === undefined) {
      watched = recall(deps.journal, workflow, nowMs);
      workflows.set(workflow, watched);
    }
    watched.runs = Math.max(watched.runs, runs);
    watched.lastRunAtMs = Math.max(watched.lastRunAtMs ?? 0, lastMs);
    await tendBaseline(deps, watched);
    if (watched.normal === null) await judgeUnlearned(deps, watched);
    else if (watched.verdicts.length === 0) watched.verdicts = judgeStanding(deps, watched);
    await yieldToEventLoop();
  }
}
