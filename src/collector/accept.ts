import { TransientError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { Run, Step } from "../model/run.ts";
import type { RunRef } from "../store/port.ts";
import type { Batch, BatchContext } from "./batch.ts";
import { createBatch } from "./batch.ts";
import type { Claiming } from "./claims.ts";
import { createClaims } from "./claims.ts";
import { cleanLabel, cleanRun, cleanStep } from "./clean.ts";
import type { Caps } from "./cut.ts";
import { createHeldRuns, type HeldRuns } from "./held-runs.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import { createKnownRuns } from "./known-runs.ts";
import type { LabelDraft } from "./labels.ts";
import type { FoundRun, LabelJoin, LabelOptions } from "./join-labels.ts";
import { createLabelJoin } from "./join-labels.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";
import type { HeldRun } from "./ports.ts";
import { createRecentMap } from "./recent-map.ts";
import { stepOfRun } from "./step-of-run.ts";
import { createTally } from "./tally.ts";

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
}

/** The result of a request that said nothing. */
export function noneAccepted(): Accepted {
  return { newRunIds: [], rejectedRunIds: [], duplicates: 0, rejected: {}, unknownRuns: 0 };
}

/** How a request came. */
export interface AcceptOptions extends Partial<LabelOptions> {
  contentType?: string;
  /** The runs were held until now, and are clean. */
  isHeld?: boolean;
}

/** The stages that hold no state of their own. */
export interface Stages extends Pick<BatchContext, "words" | "recentInputs" | "checkContract"> {
  caps: Caps;
  rootWaitMs: number;
}

/** The part of the pipeline behind the mapping: claim, clean, count, append. */
export class Acceptor {
  private readonly claims: ReturnType<typeof createClaims>;
  private readonly knownRuns = createKnownRuns();
  private readonly held: HeldRuns;
  private readonly versions = createRecentMap<true>(100_000);
  private readonly labels: LabelJoin;
  private readonly context: BatchContext;

  constructor(
    private readonly deps: IngestDeps,
    private readonly stages: Stages,
  ) {
    this.claims = createClaims(deps.seen);
    this.held = createHeldRuns(stages.rootWaitMs, deps.pendingLog);
    this.labels = createLabelJoin(deps, this.knownRuns);
    const { redactor, settings, catalogue } = deps;
    const isNewVersion = (workflow: string, version: string) =>
      this.versions.get(`${workflow}\0${version}`) === undefined;
    this.context = { ...stages, redactor, settings, catalogue, isNewVersion, tally: createTally() };
  }

  /**
   * Takes what a request says. Resolves once it is on disk.
   *
   * @throws {TransientError} If it cannot be kept now. Nothing of the request was kept then, or all but labels that
   *   came before their runs: what is sent again is known by its ids.
   */
  async accept(mapped: Mapped, options: AcceptOptions = {}): Promise<Accepted> {
    const ownRunIds = new Set(mapped.runs.map((run) => run.runId));
    const found = await this.findRuns(mapped.labels, ownRunIds);
    // From here to the append in one turn: the spool tells the sweep which minutes are complete by its own clock.
    const nowMs = this.deps.clock.nowMs();
    const batch = createBatch(this.context);
    const request = new Request(this.claims.begin(), batch, nowMs, options);
    let holding: ReturnType<HeldRuns["append"]>;
    try {
      for (const run of mapped.runs) {
        const isTaken = guarded(request, run.runId, () => this.addRun(request, run));
        if (!isTaken) request.result.rejectedRunIds.push(run.runId);
      }
      for (const step of mapped.steps) guarded(request, step.stepId, () => this.addStep(request, step));
      for (const bad of mapped.bad) request.reject(bad.reason, bad.body);
      mapped.labels.forEach((label, index) => this.addLabel(request, label, found[index]));
      for (const run of mapped.candidates) guarded(request, run.runId, () => this.addCandidate(request, run));
      holding = this.held.append(request.held);
      await this.deps.sink.append(batch.rows(), request.claiming.ids());
    } catch (error) {
      request.claiming.drop();
      throw error;
    }
    request.claiming.keep();
    this.remember(request, mapped);
    const fault = await holding;
    if (fault !== null) throw fault;
    await request.claiming.othersEnded();
    if (request.hasEarlyLabels)
      throw new TransientError("Cannot join a review: its run is not known yet", { retryAfterSeconds: 2 });
    return request.result;
  }

  /** The runs of labels, in order; undefined where it is a run of the same request. */
  private async findRuns(labels: LabelDraft[], ownRunIds: Set<string>): Promise<(FoundRun | undefined)[]> {
    const found: (FoundRun | undefined)[] = [];
    for (const label of labels) {
      found.push(ownRunIds.has(label.runId) ? undefined : await this.labels.find(label));
    }
    return found;
  }

  /** Puts a whole body into the reject queue. */
  async reject(reason: string, body: Uint8Array | Json, contentType: string): Promise<void> {
    await this.accept({ ...emptyMapped(), bad: [{ reason, body }] }, { contentType });
  }

  /** Makes runs of the traces that have waited long enough for their root; of all, at the end. */
  async settle(isLast: boolean): Promise<void> {
    const nowMs = isLast ? Number.POSITIVE_INFINITY : this.deps.clock.nowMs();
    await this.held.settle(nowMs, (runs) => this.accept({ ...emptyMapped(), runs }, { isHeld: true }));
  }

  /** Holds a run whose trace has none yet. */
  private addCandidate(request: Request, given: Run) {
    if (this.knownRuns.byTrace(given.traceId) !== undefined) return;
    const run = cleanRun(given, this.deps.redactor, this.stages.caps);
    request.held.push(this.held.choose({ run, sinceMs: request.nowMs }));
  }

  private addRun(request: Request, given: Run) {
    const { isHeld = false } = request.options;
    const stamped = request.stamp(given);
    const run = isHeld ? stamped : cleanRun(stamped, this.deps.redactor, this.stages.caps);
    // Whichever comes first, a trace's held run or its own, makes the other none, also across a crash.
    const mayBeHeld = isHeld || this.held.has(run.traceId);
    if (mayBeHeld && !request.claiming.claim(`held:${run.traceId}`) && isHeld) return;
    if (!request.claim(`run:${run.runId}`)) {
      request.runsDuplicate += 1;
      const known = this.knownRuns.get(run.runId);
      // The root of a trace whose first spans were taken for the run, or a second span under the same id.
      const isOther = known !== undefined && run.spanId !== "" && known.spanId !== run.spanId;
      if (isOther) this.addStep(request, stepOfRun(run));
      return;
    }
    const outputs = request.batch.addRun(run);
    request.runs.set(run.runId, { run, outputs });
    request.stepsDropped += given.steps.length - run.steps.length;
    request.result.newRunIds.push(run.runId);
  }

  private addStep(request: Request, given: Step) {
    const step = cleanStep(given, this.deps.redactor);
    if (!request.claim(`step:${step.stepId}`)) return;
    // A span that knows only its trace belongs to the trace's run, if that has come before.
    const ref =
      request.find(step.runId)?.run ?? this.knownRuns.get(step.runId) ?? this.knownRuns.byTrace(step.runId);
    const { runId, workflow, version } = ref ?? { ...step, version: "" };
    request.batch.addStep({ ...step, runId, workflow }, version, request.nowMs, ref != null);
  }

  private addLabel(request: Request, given: LabelDraft, found: FoundRun | undefined) {
    const label = cleanLabel(given, this.deps.redactor);
    const run = found ?? request.find(label.runId) ?? this.knownRun(label.runId);
    const join = this.labels.join(label, run, request.nowMs, request.options);
    if (join.kind === "early") {
      request.hasEarlyLabels = true;
      return;
    }
    if (join.kind === "unknown") {
      request.result.unknownRuns += 1;
      if (join.isFinal) request.reject("unknown_run", label.runId || label.traceId);
      return;
    }
    const id = join.kind === "review" ? join.review.reviewId : join.outcome.outcomeId;
    if (!request.claim(`${join.kind}:${id}`)) return;
    if (join.kind === "outcome") {
      request.batch.addOutcome(join.outcome);
    } else {
      request.batch.addReview(join.review, join.outputs);
      request.reviews.push(join.review);
    }
  }

  /** A run of this request that was known already. */
  private knownRun(runId: string): FoundRun {
    return { run: this.knownRuns.get(runId) ?? null, outputs: this.knownRuns.outputs(runId) };
  }

  /** After the append, so that what failed leaves no trace. */
  private remember(request: Request, mapped: Mapped) {
    const { meters } = this.deps;
    for (const { run, outputs } of request.runs.values()) {
      this.knownRuns.add({ ...refOf(run), spanId: run.spanId }, run.traceId, outputs);
      if (run.version.id !== "") this.versions.set(`${run.workflow}\0${run.version.id}`, true);
      this.held.drop(run.traceId);
      meters.runs.inc({ workflow: run.workflow, status: run.status });
      meters.runsReceived.inc({});
    }
    for (const { workflow, verdict } of request.reviews) meters.reviews.inc({ workflow, verdict });
    for (const held of request.held) {
      if (this.knownRuns.byTrace(held.run.traceId) === undefined) this.held.hold(held);
    }
    for (const [reason, count] of Object.entries(request.result.rejected)) {
      meters.runsReceived.inc({}, count);
      meters.runsRejected.inc({ reason }, count);
    }
    if (request.runsDuplicate > 0) meters.runsDuplicate.inc({}, request.runsDuplicate);
    if (request.stepsDropped > 0) meters.dropped.inc({ what: "step" }, request.stepsDropped);
    for (const [what, count] of Object.entries(mapped.skipped)) meters.dropped.inc({ what }, count);
  }
}

/** One run that cannot be processed must not take its neighbours along. False where it could not. */
function guarded(request: Request, id: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    request.reject("unprocessable", id);
    return false;
  }
}

/** One request on its way: what it claims, its rows, and what is remembered once they are on disk. */
class Request {
  readonly runs = new Map<string, { run: Run; outputs: string }>();
  readonly reviews: { workflow: string; verdict: string }[] = [];
  readonly held: HeldRun[] = [];
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
  stamp(run: Run): Run {
    return this.options.isHistory === true ? run : { ...run, receivedAtMs: this.nowMs };
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
    return found === undefined ? undefined : { run: refOf(found.run), outputs: found.outputs };
  }
}

function refOf(run: Run): RunRef {
  return {
    runId: run.runId,
    workflow: run.workflow,
    version: run.version.id,
    receivedAtMs: run.receivedAtMs,
  };
}
