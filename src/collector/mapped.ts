import type { Run, Step } from "../model/run.ts";
import type { LabelDraft } from "./labels.ts";
import type { ModelCall } from "./model-call.ts";
import type { BadRecord } from "./otlp.ts";

/** What a request says, in the collector's own words. Nothing is redacted yet. */
export interface Mapped {
  runs: Run[];
  /** Steps that came apart from their run. */
  steps: Step[];
  labels: LabelDraft[];
  /**
   * Runs of traces whose root has not been seen: a later request may bring the root, and then it is the run. Their
   * spans are among `steps` already, so nothing is lost while waiting.
   */
  candidates: Run[];
  /** Model calls of traces that no SDK tells the runs of: they speak for their run. */
  calls: ModelCall[];
  /** Content of calls that came in log records, apart from their spans, as steps of its own. */
  contents: { call: ModelCall; step: Step }[];
  bad: BadRecord[];
  /** Spans and events by the reason why they are accepted and not kept. */
  skipped: Record<string, number>;
}

/** Creates a `Mapped` that says nothing. */
export function emptyMapped(): Mapped {
  return { runs: [], steps: [], labels: [], candidates: [], calls: [], contents: [], bad: [], skipped: {} };
}

/** Counts something that is accepted and not kept. */
export function skip(mapped: Mapped, reason: string) {
  mapped.skipped[reason] = (mapped.skipped[reason] ?? 0) + 1;
}
