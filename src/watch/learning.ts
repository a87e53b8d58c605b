import { randomUUID } from "node:crypto";
import { learnDefaults, type WorkflowBaseline } from "../detectors/baseline.ts";
import { learnBaseline, observationsMin } from "../detectors/learn.ts";
import { baselineDue, growBaseline } from "../detectors/grow.ts";
import { startState, type WorkflowState } from "../detectors/state.ts";
import { type SignalBucket, type SignalKey, signalId, total } from "../model/signal.ts";
import type { Journal, PinnedBaseline } from "../journal/port.ts";
import { dayMs, hourMs, minuteMs } from "../model/clock.ts";
import { ownActor } from "../model/own-actor.ts";
import { plural } from "../model/plural.ts";
import type { BucketQuery, Span, Store } from "../store/port.ts";
import type { WatchDeps } from "./ports.ts";
import { remember, type Watched } from "./watched.ts";

/** Older history than this is not learned from by itself: it need not be normal any more. */
const lookbackMs = 35 * dayMs;

/** Reads a span of one workflow's history and learns a baseline from it; null where there are too few runs. */
export async function learnFrom(
  store: Store,
  workflow: string,
  span: Span,
  options: { runsMin: number; version?: string; pinned: boolean },
): Promise<WorkflowBaseline | null> {
  const version = options.version === undefined ? {} : { version: options.version };
  const stepMs = stepFor(span);
  // Whole hours, so that hours of the day do not blur.
  const fromMs = Math.floor(span.fromMs / stepMs) * stepMs;
  const history = await readHistory(store, { fromMs, toMs: span.toMs, workflow, stepMs, ...version });
  if (history.length === 0) return null;
  const baseline = learnBaseline(history, {
    bucketMs: stepMs,
    pinned: options.pinned,
    runsMin: options.runsMin,
  });
  return baseline.runs < options.runsMin ? null : baseline;
}

/**
 * Reads history as the sweep reads minutes: a field that is wholly absent from a bucket counts as missing there. Which
 * fields there are is known only once it has been read, so it is read twice.
 */
async function readHistory(store: Store, query: BucketQuery & { workflow: string }): Promise<SignalBucket[]> {
  const seen = await store.readBuckets(query);
  const fields = new Set(seen.filter(({ kind }) => kind === "null_rate").map(({ field }) => field));
  return store.readBuckets({ ...query, known: new Map([[query.workflow, fields]]) });
}

/** Says of every signal of a workflow without a baseline how many runs it has and how many it needs. */
export async function judgeUnlearned(deps: WatchDeps, watched: Watched): Promise<void> {
  const { workflow, throughMs } = watched;
  // Nothing is judged here, so the minute that is still open counts too: a newcomer sees the first run at once.
  const toMs = (Math.floor(deps.clock.nowMs() / dayMs) + 1) * dayMs;
  const fromMs = Math.floor(Math.max(watched.learnFromMs, toMs - lookbackMs) / minuteMs) * minuteMs;
  const days = await deps.store.readBuckets({ workflow, fromMs, toMs, stepMs: dayMs });
  const runs = new Map<string, { signal: SignalKey; runs: number }>();
  for (const { kind, field, counts } of days) {
    const id = signalId({ workflow, kind, field });
    const signal = { workflow, kind, field };
    runs.set(id, { signal, runs: (runs.get(id)?.runs ?? 0) + total(counts) });
  }
  const wanted = { ...learnDefaults, runsMin: deps.baselineRunsMin };
  watched.verdicts = [...runs.values()].map((one) => ({
    signal: one.signal,
    atMs: throughMs,
    verdict: { kind: "insufficient", runs: one.runs, runsMin: observationsMin(one.signal.kind, wanted) },
  }));
}

/** Gives a workflow its first baseline once there is enough history, and lets a young one grow while nothing drifts. */
export async function tendBaseline(deps: WatchDeps, watched: Watched): Promise<void> {
  const { store, journal, clock, baselineRunsMin: runsMin } = deps;
  const { normal, workflow, throughMs } = watched;
  const due = baselineDue(normal?.baseline ?? null, normal?.state ?? null, watched.runs, { runsMin });
  if (due === "learn") {
    const span = { fromMs: Math.max(watched.learnFromMs, throughMs - lookbackMs), toMs: throughMs };
    const baseline = await learnFrom(store, workflow, span, { runsMin, pinned: false });
    if (baseline === null) return;
    pinBaseline(journal, watched, baseline, {
      actor: ownActor,
      reason: "first baseline",
      nowMs: clock.nowMs(),
    });
    deps.log.info({ workflow, runs: baseline.runs, signals: baseline.signals.length }, "Learned a baseline");
  }
  if (due === "grow" && normal !== null) {
    const stepMs = stepFor({ fromMs: normal.baseline.fromMs, toMs: throughMs });
    const history = await readHistory(store, {
      workflow,
      fromMs: normal.baseline.fromMs,
      toMs: throughMs,
      stepMs,
    });
    const grown = growBaseline(normal.baseline, normal.state, history, { runsMin, bucketMs: stepMs });
    const by = { actor: ownActor, reason: "grew while nothing drifted", nowMs: clock.nowMs() };
    pinBaseline(journal, watched, grown.baseline, by, grown.state);
  }
}

/** Fine steps where history is short, so that an hour's history still has several buckets. */
function stepFor({ fromMs, toMs }: Span): number {
  return toMs - fromMs > 2 * dayMs ? hourMs : minuteMs;
}

/** Pins a baseline, with its detectors' state, in one transaction. */
export function pinBaseline(
  journal: Journal,
  watched: Watched,
  baseline: WorkflowBaseline,
  by: { actor: string; reason: string; nowMs: number },
  state: WorkflowState = startState(baseline, watched.throughMs),
): PinnedBaseline {
  const pinned: PinnedBaseline = {
    baselineId: randomUUID(),
    workflow: watched.workflow,
    baseline: JSON.stringify(baseline),
    fromMs: baseline.fromMs,
    toMs: baseline.toMs,
    runs: baseline.runs,
    pinnedAtMs: by.nowMs,
    actor: by.actor,
    reason: by.reason,
  };
  watched.normal = { pinned, baseline, state };
  watched.verdicts = [];
  journal.transaction(() => {
    journal.baselines.pin(pinned);
    remember(journal, watched);
    const detail = `Baseline of ${baseline.runs} ${plural(baseline.runs, "run")} pinned: ${by.reason}`;
    journal.audit.append({
      atMs: by.nowMs,
      actor: by.actor,
      action: "baseline",
      workflow: watched.workflow,
      detail,
    });
  });
  return pinned;
}
