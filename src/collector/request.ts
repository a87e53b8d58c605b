import type { Json } from "../model/json.ts";
import type { Run } from "../model/run.ts";
import type { RunRef } from "../store/port.ts";
import type { Batch } from "./batch.ts";
import type { Claiming } from "./claims.ts";
import type { FoundRun, LabelOptions } from "./join-labels.ts";
import type { IngestMeters } from "./ingest-deps.ts";
import type { LabelDraft } from "./labels.ts";
import type { ModelCall } from "./model-call.ts";
import type { HeldRun } from "./ports.ts";

/** What became of a request. */
export interface Accepted {
  newRunIds: string[];
  /** Runs that could not be processed; they are among `rejected`. */
  rejectedRunIds: string[];
  /** Runs, steps, reviews and outcomes that were known. */
  duplicates: number;
  /** Records that could not be read, by reason; they are in the reject queue. */
  rejected: Record<string, number>;
  /** Reviews and outcomes whose run nobody knows. */
  unknownRuns: number;
  /** Ids of outcomes and decisions that are kept until their run comes. */
  waiting: string[];
}

/** The result of a request that said nothing. */
export function noneAccepted(): Accepted {
  return { newRunIds: [], rejectedRunIds: [], duplicates: 0, rejected: {}, unknownRuns: 0, waiting: [] };
}

/** How a request came. */
export interface AcceptOptions extends Partial<LabelOptions> {
  contentType?: string;
  /** The runs were held until now, and are clean. */
  isHeld?: boolean;
}

/** One request on its way: what it claims, its rows, and what is remembered once they are on disk. */
export class Request {
  readonly runs = new Map<string, { run: Run; outputs: string }>();
  readonly reviews: { workflow: string; verdict: string }[] = [];
  readonly waiting: LabelDraft[] = [];
  readonly held: HeldRun[] = [];
  /** Runs that are held until log records may have told their content, by their id. */
  readonly expected = new Map<string, Run>();
  /** Model calls of traces whose runs the request may bring. */
  readonly calls: ModelCall[] = [];
  runsDuplicate = 0;
  stepsDropped = 0;
  hasEarlyLabels = false;
  readonly result: Accepted = noneAccepted();

  constructor(
    readonly claiming: Claiming,
    readonly batch: Batch,
    readonly nowMs: number,
    readonly options: AcceptOptions,
  ) {}

  /** A run arrives now, whenever it was decoded; only history has arrived before. */
  arrivalOf(run: Run): number {
    return this.options.isHistory === true ? run.receivedAtMs : this.nowMs;
  }

  claim(id: string): boolean {
    const isNew = this.claiming.claim(id);
    if (!isNew) this.result.duplicates += 1;
    return isNew;
  }

  reject(reason: string, body: Uint8Array | Json) {
    const { nowMs } = this;
    const { contentType = "" } = this.options;
    this.result.rejected[reason] = (this.result.rejected[reason] ?? 0) + 1;
    this.batch.addReject({ contentType, reason, body, atMs: nowMs });
  }

  find(runId: string): FoundRun | undefined {
    const found = this.runs.get(runId);
    if (found !== undefined) return { run: refOf(found.run), outputs: found.outputs };
    const expected = this.expected.get(runId);
    return expected === undefined ? undefined : { run: refOf(expected), outputs: undefined };
  }
}

/** A reference to a run. */
function refOf(run: Run): RunRef {
  return {
    runId: run.runId,
    workflow: run.workflow,
    version: run.version.id,
    mode: run.mode,
    receivedAtMs: run.receivedAtMs,
  };
}

/** Counts the new runs of a request: once for all of a workflow and status, since each count looks its labels up anew. */
export function countRuns({ runs }: Request, meters: Pick<IngestMeters, "runs" | "runsReceived">) {
  const counts = new Map<string, { labels: { workflow: string; status: string }; count: number }>();
  for (const { run } of runs.values()) {
    const { workflow, status } = run;
    const key = `${status} ${workflow}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { labels: { workflow, status }, count: 1 });
    else known.count += 1;
  }
  for (const { labels, count } of counts.values()) meters.runs.inc(labels, count);
  if (runs.size > 0) meters.runsReceived.inc({}, runs.size);
}
