import { type CompareRules, compareOutputs } from "../model/compare-outputs.ts";
import type { Decision, Outcome, Review } from "../model/run.ts";
import type { RunRef } from "../store/port.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import type { KnownRuns } from "./known-runs.ts";
import {
  type DecisionDraft,
  type LabelDraft,
  labelIdOf,
  type OutcomeDraft,
  type ReviewDraft,
} from "./labels.ts";
import { tryParseJson } from "./parse-json.ts";
import { createRecentMap } from "./recent-map.ts";

/** How labels of a request are joined to their runs. */
export interface LabelOptions {
  chosenBy: Review["chosenBy"];
  isHistory: boolean;
  /** The client sends the request again when it is told to, so a run on its way may be waited for. */
  mayComeAgain: boolean;
}

/** A label with its run; or that nobody knows the run. */
export type JoinedLabel =
  | { kind: "review"; review: Review; outputs: string | undefined }
  | { kind: "outcome"; outcome: Outcome }
  | { kind: "decision"; decision: Decision }
  /** It is to be kept until its run comes. */
  | { kind: "waiting" }
  /** It does not fit its run; `reason` for the reject queue. */
  | { kind: "misplaced"; reason: string }
  | { kind: "unknown"; isFinal: boolean }
  /** The run may still be on its way: the client shall send the label again. */
  | { kind: "early" };

/** Runs and reviews travel apart; a review may overtake its run by the flush interval of the exporter. */
const overtakeMs = 6000;

/** What is known of a label's run. */
export interface FoundRun {
  run: RunRef | null;
  /** JSON text of its outputs, where they are at hand. */
  outputs: string | undefined;
}

/** Joins reviews, outcomes and decisions with their runs: runs of the same request, recent runs, then the store. */
export interface LabelJoin {
  /** @throws {TransientError} While the store cannot be asked. */
  find(label: LabelDraft): Promise<FoundRun>;
  /** A label of an unknown run that names its workflow is kept all the same. */
  join(label: LabelDraft, found: FoundRun, nowMs: number, options: Partial<LabelOptions>): JoinedLabel;
}

/** Creates the join. It remembers for a while which labels came before their run. */
export function createLabelJoin(
  deps: Pick<IngestDeps, "findRun" | "findRunByKey" | "findOutputs" | "settings">,
  knownRuns: KnownRuns,
): LabelJoin {
  const firstSeenMs = createRecentMap<number>(20_000);

  function isTooEarly(label: LabelDraft, nowMs: number): boolean {
    const key = labelIdOf(label);
    const firstMs = firstSeenMs.get(key);
    if (firstMs === undefined) firstSeenMs.set(key, nowMs);
    return nowMs - (firstMs ?? nowMs) < overtakeMs;
  }

  async function findRun(label: LabelDraft): Promise<RunRef | null> {
    if (label.runId !== "") return knownRuns.get(label.runId) ?? deps.findRun(label.runId);
    const businessKey = label.kind === "review" ? "" : label.businessKey;
    if (businessKey === "") return knownRuns.byTrace(label.traceId) ?? deps.findRun(label.traceId);
    const known = knownRuns.byKey(label.workflow, businessKey);
    return known ?? (await deps.findRunByKey?.(label.workflow, businessKey)) ?? null;
  }

  return {
    async find(label) {
      const run = await findRun(label);
      if (run === null || label.kind === "outcome") return { run, outputs: undefined };
      const outputs = knownRuns.outputs(run.runId) ?? (await deps.findOutputs?.(run.runId));
      return { run, outputs: outputs ?? undefined };
    },
    join(label, found, nowMs, { chosenBy = "api", isHistory = false, mayComeAgain = false }) {
      if (found.run === null && mayWait(label)) return { kind: "waiting" };
      if (found.run === null && label.workflow === "") {
        if (!mayComeAgain) return { kind: "unknown", isFinal: false };
        return isTooEarly(label, nowMs) ? { kind: "early" } : { kind: "unknown", isFinal: true };
      }
      const run = found.run ?? {
        runId: label.runId || label.traceId,
        workflow: label.workflow,
        version: "",
        mode: "live" as const,
        receivedAtMs: nowMs,
      };
      const receivedAtMs = isHistory ? Math.max(label.atMs ?? 0, run.receivedAtMs) : nowMs;
      if (label.kind === "outcome") return { kind: "outcome", outcome: outcomeOf(label, run, receivedAtMs) };
      if (label.kind === "decision") {
        if (run.mode !== "shadow") return { kind: "misplaced", reason: "decision_not_on_shadow_run" };
        // Known, but its outputs are on their way to the store: without them everything would seem to differ.
        if (found.outputs === undefined) return { kind: "waiting" };
        const { compare: rules = {} } = deps.settings(run.workflow);
        return { kind: "decision", decision: decisionOf(label, run, found.outputs, rules, receivedAtMs) };
      }
      const review = reviewOf(label, run, chosenBy, receivedAtMs);
      return { kind: "review", review, outputs: found.outputs };
    },
  };
}

function reviewOf(
  draft: ReviewDraft,
  run: RunRef,
  chosenBy: Review["chosenBy"],
  receivedAtMs: number,
): Review {
  return {
    reviewId: draft.reviewId,
    runId: run.runId,
    workflow: run.workflow,
    version: run.version,
    verdict: draft.verdict,
    output: draft.output,
    reason: draft.reason,
    note: draft.note,
    reviewer: draft.reviewer,
    durationMs: draft.durationMs,
    chosenBy,
    runMode: run.mode,
    runReceivedAtMs: run.receivedAtMs,
    receivedAtMs,
  };
}

function outcomeOf(draft: OutcomeDraft, run: RunRef, receivedAtMs: number): Outcome {
  return {
    outcomeId: draft.outcomeId,
    runId: run.runId,
    workflow: run.workflow,
    version: run.version,
    name: draft.name,
    value: draft.value,
    runMode: run.mode,
    runReceivedAtMs: run.receivedAtMs,
    receivedAtMs,
  };
}

function mayWait(label: LabelDraft): boolean {
  return label.kind === "decision" || (label.kind === "outcome" && label.mayWait);
}

/** A run that failed has no output, and so differs in everything that the person decided. */
function decisionOf(
  draft: DecisionDraft,
  run: RunRef,
  outputs: string,
  rules: CompareRules,
  receivedAtMs: number,
): Decision {
  const given = tryParseJson(outputs) ?? null;
  const fields = compareOutputs(draft.output, given, { rules, isPartial: true });
  return {
    decisionId: draft.decisionId,
    runId: run.runId,
    workflow: run.workflow,
    version: run.version,
    output: draft.output,
    reason: draft.reason,
    note: draft.note,
    reviewer: draft.reviewer,
    compared: [...fields.keys()],
    differing: [...fields].flatMap(([field, differs]) => (differs ? [field] : [])),
    runReceivedAtMs: run.receivedAtMs,
    receivedAtMs,
  };
}
