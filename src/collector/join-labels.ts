import type { Outcome, Review } from "../model/run.ts";
import type { RunRef } from "../store/port.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import type { KnownRuns } from "./known-runs.ts";
import type { LabelDraft, OutcomeDraft, ReviewDraft } from "./labels.ts";
import { createRecentMap } from "./recent-map.ts";
import { TransientError } from "../model/errors.ts";

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
  | { kind: "unknown"; isFinal: boolean };

/** Runs and reviews travel apart; a review may overtake its run by the flush interval of the exporter. */
const overtakeMs = 6000;

/**
 * Creates the join of reviews and outcomes with their runs: runs of the same request, recent runs, then the store.
 * A label of an unknown run that names its workflow is kept all the same.
 *
 * @throws {TransientError} While the store cannot be asked, and for an unknown run of which the client may be early.
 */
export function createLabelJoin(deps: Pick<IngestDeps, "findRun" | "findOutputs">, knownRuns: KnownRuns) {
  const firstSeenMs = createRecentMap<number>(20_000);

  async function find(label: LabelDraft): Promise<RunRef | null> {
    if (label.runId !== "") return knownRuns.get(label.runId) ?? (await deps.findRun(label.runId));
    return knownRuns.byTrace(label.traceId) ?? (await deps.findRun(label.traceId));
  }

  function isTooEarly(label: LabelDraft, nowMs: number): boolean {
    const key = label.kind === "review" ? label.reviewId : label.outcomeId;
    const firstMs = firstSeenMs.get(key);
    if (firstMs === undefined) firstSeenMs.set(key, nowMs);
    return nowMs - (firstMs ?? nowMs) < overtakeMs;
  }

  return async (
    label: LabelDraft,
    sameRequest: RunRef | undefined,
    nowMs: number,
    { chosenBy = "api", isHistory = false, mayComeAgain = false }: Partial<LabelOptions>,
  ): Promise<JoinedLabel> => {
    const found = sameRequest ?? (await find(label));
    if (found === null && label.workflow === "") {
      if (!mayComeAgain) return { kind: "unknown", isFinal: false };
      if (!isTooEarly(label, nowMs)) return { kind: "unknown", isFinal: true };
      throw new TransientError("Cannot join a review: its run is not known yet", { retryAfterSeconds: 2 });
    }
    const run = found ?? {
      runId: label.runId || label.traceId,
      workflow: label.workflow,
      version: "",
      receivedAtMs: nowMs,
    };
    const receivedAtMs = isHistory ? Math.max(label.atMs ?? 0, run.receivedAtMs) : nowMs;
    if (label.kind === "outcome") return { kind: "outcome", outcome: outcomeOf(label, run, receivedAtMs) };
    const outputs = knownRuns.outputs(run.runId) ?? (await deps.findOutputs?.(run.runId)) ?? undefined;
    return { kind: "review", review: reviewOf(label, run, chosenBy, receivedAtMs), outputs };
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
    runReceivedAtMs: run.receivedAtMs,
    receivedAtMs,
  };
}
