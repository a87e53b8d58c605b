import type { WorkflowBaseline } from "../detectors/baseline.ts";
import { startState, type WorkflowState } from "../detectors/state.ts";
import { readState, storeState } from "../detectors/stored-state.ts";
import type { Journal, PinnedBaseline } from "../journal/port.ts";
import type { SignalVerdict } from "../model/verdict.ts";

/** What the watch holds in memory about one workflow. */
export interface Watched {
  workflow: string;
  /** Null until enough runs were seen. */
  normal: { pinned: PinnedBaseline; baseline: WorkflowBaseline; state: WorkflowState } | null;
  verdicts: SignalVerdict[];
  /** The verdicts that the metrics show. */
  shown: readonly SignalVerdict[];
  /** Everything that arrived before this has been read. */
  throughMs: number;
  /** `throughMs` of the state in the journal. */
  savedThroughMs: number;
  /** Runs counted when a baseline was last thought of. */
  runs: number;
  lastRunAtMs: number | null;
  /** History before this is not to be learned from. */
  learnFromMs: number;
  /** Versions in use, with the minute they were last seen. */
  versions: Map<string, number>;
  /** The same for models that answered. */
  models: Map<string, number>;
}

/** Brings a workflow back from the journal: a restart neither forgets nor counts twice. */
export function recall(journal: Journal, workflow: string, throughMs: number): Watched {
  const { learnFromMs, forgottenAtMs } = readForgotten(journal, workflow);
  const watched: Watched = {
    workflow,
    normal: null,
    verdicts: [],
    shown: [],
    throughMs,
    savedThroughMs: throughMs,
    runs: 0,
    lastRunAtMs: null,
    learnFromMs,
    versions: new Map(),
    models: new Map(),
  };
  const pinned = journal.baselines.current(workflow);
  if (pinned === null || pinned.pinnedAtMs <= forgottenAtMs) return watched;
  const baseline = JSON.parse(pinned.baseline) as WorkflowBaseline;
  const saved = journal.detectors.load(workflow);
  if (saved === null)
    return { ...watched, normal: { pinned, baseline, state: startState(baseline, throughMs) } };
  const state = readState(saved.state);
  return {
    ...watched,
    normal: { pinned, baseline, state },
    throughMs: saved.throughMs,
    savedThroughMs: saved.throughMs,
  };
}

/** Writes the detectors' state and position; call it inside the transaction that holds what follows from them. */
export function remember(journal: Journal, watched: Watched): void {
  if (watched.normal === null) return;
  journal.detectors.save(watched.workflow, storeState(watched.normal.state), watched.throughMs);
  watched.savedThroughMs = watched.throughMs;
}

/** Forgets the baseline (it stays on record) and says from when on to learn a new one. */
export function forget(journal: Journal, watched: Watched, learnFromMs: number, nowMs: number): void {
  journal.meta.set(forgottenKey(watched.workflow), JSON.stringify({ learnFromMs, forgottenAtMs: nowMs }));
  watched.learnFromMs = learnFromMs;
  watched.normal = null;
  watched.verdicts = [];
  watched.runs = 0;
}

/** Fields whose absence matters: those the baseline knows. */
export function knownFields(watched: Iterable<Watched>): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const { workflow, normal } of watched) {
    if (normal === null) continue;
    const fields = normal.baseline.signals
      .filter(({ kind }) => kind === "null_rate")
      .map(({ field }) => field);
    known.set(workflow, fields);
  }
  return known;
}

function readForgotten(journal: Journal, workflow: string): { learnFromMs: number; forgottenAtMs: number } {
  const text = journal.meta.get(forgottenKey(workflow));
  if (text === null) return { learnFromMs: 0, forgottenAtMs: -1 };
  return JSON.parse(text) as { learnFromMs: number; forgottenAtMs: number };
}

function forgottenKey(workflow: string): string {
  return `baseline forgotten ${workflow}`;
}
