import { createHash, randomBytes } from "node:crypto";
import type { Journal, QueuedRun } from "../journal/port.ts";
import { type Clock, dayMs, minuteMs } from "../model/clock.ts";
import type { Span, Store } from "../store/port.ts";
import {
  type Candidate,
  countRuns,
  demandedRuns,
  newestRunMs,
  newestRuns,
  sampleRuns,
  targetRuns,
} from "../store/queries-review.ts";

/** How runs of a workflow are chosen for review. */
export interface ReviewSettings {
  /** Share of runs chosen at random. */
  sampleRate: number;
  /** At least about so many a week, where there are so few runs that the rate would choose fewer. */
  minPerWeek: number;
  /** Share of the random sample that a second person sees as well. */
  secondShare: number;
  /** Runs below it ask for eyes; null for none. */
  confidenceBelow: number | null;
  /** Words that make a run ask for eyes. */
  topics: readonly string[];
  /** How long runs are kept: what has waited longer can be shown to nobody. */
  runsKeptMs: number;
}

/** What chooses runs for review. */
export interface QueueFiller {
  /** Queues the runs that arrived since the last call. Call it every minute or so. */
  fill(): Promise<void>;
  /** Queues the newest runs of a workflow for a failure audit; answers how many. */
  audit(workflow: string, runs?: number): Promise<number>;
  /** Asks for a second opinion on a share of reviewed runs. */
  secondOpinion(run: QueuedRun): void;
}

/** What a filler is built on. */
export interface FillerDeps {
  journal: Pick<Journal, "transaction" | "reviewQueue" | "incidents" | "meta">;
  store: Pick<Store, "gather" | "findRun">;
  settings: (workflow: string) => ReviewSettings;
  clock: Clock;
}

const cursorKey = "review_cursor";
const secretKey = "review_secret";
// Rows of one segment may be a little older than the newest one stored.
const overlapMs = 10 * minuteMs;
const randomMax = 200;
const targetedMax = 5;
/** Runs that must be reviewed are read so many at a time. */
const demandedMax = 1000;
/** Past so many open runs of a workflow nothing targeted is added: nobody would reach it. */
const openMax = 100;
const keepMs = 60 * dayMs;

/** The members of an audit of a workflow, as kept in the journal. */
export const auditKey = (workflow: string) => `review_audit ${workflow}`;

/**
 * Creates the filler of the review queue.
 *
 * The random sample takes a run by a keyed hash of its id, so that nobody can tell beforehand and every replica
 * with the same key chooses the same. Its probability is the sample rate, or more where a week has few runs:
 * `minPerWeek / runs of the last week`. Targeted runs are queued apart and never enter the override rate.
 */
export function createQueueFiller(deps: FillerDeps): QueueFiller {
  const { journal, store, settings, clock } = deps;
  const queue = journal.reviewQueue;
  const { add, addAll } = createAdding(deps);

  async function fillRandom(fromMs: number, toMs: number, week: ReadonlyMap<string, number>): Promise<void> {
    const probabilities = new Map(
      Array.from(
        week,
        ([workflow, runs]) => [workflow, inclusionProbability(settings(workflow), runs)] as const,
      ),
    );
    const key = readKey(journal);
    const chosen = await sampleRuns(store, { fromMs, toMs, key, probabilities, limit: randomMax });
    addAll(chosen, (run) => add(run, "random", "random sample", probabilities.get(run.workflow) ?? 1));
  }

  async function fillTargeted(
    fromMs: number,
    toMs: number,
    week: ReadonlyMap<string, number>,
  ): Promise<void> {
    const open = new Map(queue.open().map(({ workflow, runs }) => [workflow, runs]));
    const full = (workflow: string) => (open.get(workflow) ?? 0) >= openMax;
    const triggers = new Map(Array.from(week.keys(), (workflow) => [workflow, settings(workflow)] as const));
    const chosen = await targetRuns(store, { fromMs, toMs, triggers, limit: targetedMax });
    addAll(chosen, (run) => !full(run.workflow) && add(run, "targeted", run.why, 1));
    await addEvidence(deps, (run, why) => add(run, "targeted", why, 1), full);
  }

  return {
    async fill() {
      const nowMs = clock.nowMs();
      const known = Number(journal.meta.get(cursorKey) ?? 0);
      const cursorMs = known === 0 ? nowMs - dayMs : known;
      const newestMs = Math.min(nowMs, await newestRunMs(store));
      const week = await countRuns(store, { fromMs: nowMs - 7 * dayMs, toMs: nowMs + dayMs });
      await fillRandom(cursorMs - overlapMs, nowMs, week);
      await addDemanded(store, { fromMs: cursorMs - overlapMs, toMs: nowMs }, (runs) =>
        addAll(runs, (run) => add(run, "targeted", run.why, 1)),
      );
      await fillTargeted(cursorMs - overlapMs, nowMs, week);
      journal.meta.set(cursorKey, String(Math.max(cursorMs, newestMs)));
      queue.forget(nowMs - keepMs);
      for (const { workflow } of queue.open()) queue.forget(nowMs - settings(workflow).runsKeptMs, workflow);
    },
    async audit(workflow, runs = 50) {
      const chosen = await newestRuns(store, { workflow, limit: runs });
      addAll(chosen, (run) => add(run, "targeted", "failure audit", 1));
      const runIds = chosen.map(({ runId }) => runId);
      journal.meta.set(auditKey(workflow), JSON.stringify({ atMs: clock.nowMs(), runIds }));
      return chosen.length;
    },
    secondOpinion(run) {
      const { secondShare } = settings(run.workflow);
      if (hashShare(`${secretOf(journal)} second ${run.runId}`) >= secondShare) return;
      queue.add({ ...run, round: 2, chosenBy: "targeted", why: "second opinion", queuedAtMs: clock.nowMs() });
    },
  };
}

/** The ways to queue runs. */
function createAdding({ journal, clock }: FillerDeps) {
  return {
    add: (candidate: Candidate, chosenBy: QueuedRun["chosenBy"], why: string, probability: number) => {
      const { runId, workflow, version, receivedAtMs } = candidate;
      const run = { runId, workflow, version, receivedAtMs, chosenBy, why, probability };
      return journal.reviewQueue.add({ ...run, round: 1, queuedAtMs: clock.nowMs() });
    },
    /** In one transaction, since each costs a sync to disk, and holds up the event loop for it. */
    addAll: <T extends Candidate>(candidates: readonly T[], addOne: (candidate: T) => unknown) =>
      journal.transaction(() => {
        for (const candidate of candidates) addOne(candidate);
      }),
  };
}

/** Adds every run whose contract demands it, page by page. A page begins a millisecond before the last one ended. */
async function addDemanded(
  store: FillerDeps["store"],
  { fromMs, toMs }: Span,
  addPage: (candidates: readonly Candidate[]) => void,
): Promise<void> {
  for (let pageMs = fromMs; ; ) {
    const runs = await demandedRuns(store, { fromMs: pageMs, toMs, limit: demandedMax });
    addPage(runs);
    const lastMs = runs.at(-1)?.receivedAtMs ?? toMs;
    if (runs.length < demandedMax || lastMs <= pageMs + 1) return;
    pageMs = lastMs - 1;
  }
}

/** Queues the examples of open incidents. */
async function addEvidence(
  { journal, store }: FillerDeps,
  add: (candidate: Candidate, why: string) => boolean,
  isFull: (workflow: string) => boolean,
): Promise<void> {
  for (const incident of journal.incidents.list({ states: ["open"], limit: 50 })) {
    for (const runId of incident.exampleRunIds) {
      if (isFull(incident.workflow) || journal.reviewQueue.has(runId)) continue;
      const run = await store.findRun(runId);
      if (run !== null) add({ ...run, why: "" }, `incident ${incident.incidentId}`);
    }
  }
}

/** The probability with which the random sample takes a run of a workflow with `runsPerWeek`. */
export function inclusionProbability(
  { sampleRate, minPerWeek }: Pick<ReviewSettings, "sampleRate" | "minPerWeek">,
  runsPerWeek: number,
): number {
  return Math.min(1, Math.max(sampleRate, minPerWeek / Math.max(1, runsPerWeek)));
}

/** A share from 0 to 1 that looks random and is always the same for the same text. */
function hashShare(text: string): number {
  return createHash("sha256").update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}

/** The two numbers that key the sample's hash. */
function readKey(journal: Pick<Journal, "meta">): [number, number] {
  const digest = createHash("sha256").update(secretOf(journal)).digest();
  return [digest.readUIntBE(0, 6), digest.readUIntBE(6, 6)];
}

function secretOf({ meta }: Pick<Journal, "meta">): string {
  const known = meta.get(secretKey);
  if (known !== null) return known;
  const fresh = randomBytes(32).toString("base64url");
  meta.set(secretKey, fresh);
  return fresh;
}
