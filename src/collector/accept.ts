import { TransientError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { Run, Step } from "../model/run.ts";
import type { BatchContext } from "./batch.ts";
import { createBatch } from "./batch.ts";
import { createClaims } from "./claims.ts";
import {
  type CleanRun,
  type CleanStep,
  cleanCall,
  cleanLabel,
  cleanRun,
  cleanStep,
  withContent,
} from "./clean.ts";
import type { Caps } from "./cut.ts";
import { createHeldRuns, type HeldRuns } from "./held-runs.ts";
import type { IngestDeps } from "./ingest-deps.ts";
import { createKnownRuns, knownRunOf } from "./known-runs.ts";
import { type LabelDraft, labelIdOf } from "./labels.ts";
import type { FoundRun, LabelJoin } from "./join-labels.ts";
import { createLabelJoin } from "./join-labels.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";
import { completeRun, type ModelCall } from "./model-call.ts";
import { createRecentCalls } from "./recent-calls.ts";
import { createRecentMap } from "./recent-map.ts";
import { type Accepted, type AcceptOptions, countRuns, Request } from "./request.ts";
import { stepOfRun } from "./step-of-run.ts";
import { createTally } from "./tally.ts";
import { createWaitingLabels, settleWaiting, type WaitingLabels } from "./waiting-labels.ts";

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
  private readonly calls = createRecentCalls();
  private readonly versions = createRecentMap<true>(100_000);
  private readonly labels: LabelJoin;
  private readonly waiting: WaitingLabels | null;
  private readonly context: BatchContext;

  constructor(
    private readonly deps: IngestDeps,
    private readonly stages: Stages,
  ) {
    this.claims = createClaims(deps.seen);
    this.held = createHeldRuns(stages.rootWaitMs, deps.pendingLog);
    this.labels = createLabelJoin(deps, this.knownRuns);
    this.waiting = deps.waitingLabels === undefined ? null : createWaitingLabels(deps.waitingLabels);
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
    const labels = mapped.labels.map((label) => cleanLabel(label, this.deps.redactor));
    const found = await this.findRuns(labels, mapped.runs);
    // From here to the append in one turn: the spool tells the sweep which minutes are complete by its own clock.
    const nowMs = this.deps.clock.nowMs();
    const batch = createBatch(this.context);
    const request = new Request(this.claims.begin(), batch, nowMs, options);
    let holding: ReturnType<HeldRuns["append"]>;
    try {
      for (const call of mapped.calls)
        guarded(request, call.spanId, () => request.calls.push(cleanCall(call, this.deps.redactor)));
      for (const run of mapped.runs) {
        const isTaken = guarded(request, run.runId, () => this.addRun(request, run));
        if (!isTaken) request.result.rejectedRunIds.push(run.runId);
      }
      for (const step of mapped.steps) guarded(request, step.stepId, () => this.addStep(request, step));
      for (const { call, step } of mapped.contents)
        guarded(request, step.stepId, () => this.addContent(request, call, step));
      for (const bad of mapped.bad) request.reject(bad.reason, bad.body);
      labels.forEach((label, index) => this.addLabel(request, label, found[index]));
      for (const run of mapped.candidates) guarded(request, run.runId, () => this.addCandidate(request, run));
      holding = this.held.append(request.held);
      await this.deps.sink.append(batch.rows(), request.claiming.ids());
    } catch (error) {
      request.claiming.drop();
      this.held.release(request.held);
      throw error;
    }
    request.claiming.keep();
    this.remember(request, mapped);
    this.held.release(request.held);
    this.waiting?.hold(request.waiting, nowMs);
    const fault = await holding;
    if (fault !== null) throw fault;
    await request.claiming.othersEnded();
    if (request.hasEarlyLabels)
      throw new TransientError("Cannot join a review: its run is not known yet", { retryAfterSeconds: 2 });
    return request.result;
  }

  /** The runs of labels, in order; undefined where it is a run of the same request. */
  private async findRuns(labels: LabelDraft[], runs: Run[]): Promise<(FoundRun | undefined)[]> {
    const found: (FoundRun | undefined)[] = [];
    if (labels.length === 0) return found;
    const ownRunIds = new Set(runs.map((run) => run.runId));
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
    const nowMs = this.deps.clock.nowMs();
    await this.held.settle(nowMs, isLast, (runs) =>
      this.accept({ ...emptyMapped(), runs }, { isHeld: true }),
    );
  }

  /** Holds a run whose trace has none yet. */
  private addCandidate(request: Request, given: Run) {
    if (this.knownRuns.byTrace(given.traceId) !== undefined) return;
    const run = cleanRun(given, this.deps.redactor, this.stages.caps);
    request.held.push(this.held.choose({ run, sinceMs: request.nowMs }));
  }

  /** Joins outcomes and decisions whose runs have come in the meantime. */
  async settleLabels(): Promise<void> {
    if (this.waiting !== null)
      await settleWaiting(this.waiting, this.deps.clock.nowMs(), (mapped) => this.accept(mapped));
  }

  /** Reads what waits from the journal again. */
  recall(): void {
    this.waiting?.recall();
  }

  private addRun(request: Request, given: Run) {
    const { isHeld = false } = request.options;
    const receivedAtMs = request.arrivalOf(given);
    const clean = isHeld
      ? { ...given, receivedAtMs }
      : cleanRun(given, this.deps.redactor, this.stages.caps, receivedAtMs);
    const run = this.complete(request, clean);
    if (!isHeld && isSilent(run) && this.callsOf(request, run).length > 0) {
      this.defer(request, run);
      return;
    }
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

  /** A run of a trace speaks through its model calls where its own span says less. */
  private complete(request: Request, run: CleanRun): CleanRun {
    if (run.source !== "otel") return run;
    const calls = this.callsOf(request, run);
    if (calls.length === 0) return run;
    const complete = completeRun(run, calls);
    return withContent({ ...run, ...complete, steps: run.steps }, complete.inputs, complete.outputs);
  }

  private callsOf({ calls }: Request, { traceId }: Run): ModelCall[] {
    return this.calls.join(
      traceId,
      calls.length === 0 ? calls : calls.filter((call) => call.traceId === traceId),
    );
  }

  /** The content of its model calls may be on its way in log records. */
  private defer(request: Request, run: Run) {
    request.expected.set(run.runId, run);
    request.held.push({ run, sinceMs: request.nowMs });
  }

  /** Kept as a step of its own, so that nothing is lost; its span or its run takes it over where it comes later. */
  private addContent(request: Request, call: ModelCall, given: Step) {
    const step = cleanStep(given, this.deps.redactor);
    if (!request.claim(`step:${step.stepId}`)) return;
    const { runId, workflow } = this.knownRuns.byTrace(step.runId) ?? step;
    request.batch.addStep({ ...step, runId, workflow }, "", request.nowMs, false);
    request.calls.push({ ...call, inputs: step.inputs, outputs: step.outputs });
  }

  /** A span without content, with what log records have said of it. */
  private told(step: CleanStep): CleanStep {
    if (!isSilent(step)) return step;
    const [traceId = "", spanId = ""] = step.stepId.split("/", 2);
    const call = this.calls.get(traceId, spanId);
    return call === undefined ? step : withContent(step, call.inputs, call.outputs);
  }

  private addStep(request: Request, given: Step) {
    const step = this.told(cleanStep(given, this.deps.redactor));
    if (!request.claim(`step:${step.stepId}`)) return;
    // A span that knows only its trace belongs to the trace's run, if that has come before.
    const ref =
      request.find(step.runId)?.run ?? this.knownRuns.get(step.runId) ?? this.knownRuns.byTrace(step.runId);
    const { runId, workflow, version } = ref ?? { ...step, version: "" };
    request.batch.addStep({ ...step, runId, workflow }, version, request.nowMs, ref != null);
  }

  private addLabel(request: Request, label: LabelDraft, found: FoundRun | undefined) {
    const run = found ?? request.find(label.runId) ?? this.knownRun(label.runId);
    const join = this.labels.join(label, run, request.nowMs, request.options);
    if (join.kind === "early") {
      request.hasEarlyLabels = true;
      return;
    }
    if (join.kind === "unknown" || (join.kind === "waiting" && this.waiting === null)) {
      request.result.unknownRuns += 1;
      if (join.kind === "unknown" && join.isFinal)
        request.reject("unknown_run", label.runId || label.traceId);
      return;
    }
    if (join.kind === "waiting") {
      request.waiting.push(label);
      request.result.waiting.push(labelIdOf(label));
      return;
    }
    if (join.kind === "misplaced") {
      request.reject(join.reason, label.runId);
      return;
    }
    if (!request.claim(`${label.kind}:${labelIdOf(label)}`)) return;
    if (join.kind === "outcome") {
      const { runId, name } = join.outcome;
      request.batch.addOutcome(join.outcome, request.claiming.claim(`told:${runId} ${name}`));
    } else if (join.kind === "decision") {
      request.batch.addDecision(join.decision);
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
      this.knownRuns.add(knownRunOf(run), run.traceId, outputs);
      this.waiting?.arrived(run);
      if (run.version.id !== "") this.versions.set(`${run.workflow}\0${run.version.id}`, true);
      this.held.drop(run.traceId);
      this.calls.forget(run.traceId);
    }
    countRuns(request, meters);
    for (const call of request.calls) {
      if (this.knownRuns.byTrace(call.traceId) === undefined) this.calls.add(call);
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

/** Says neither what came in nor what went out. */
function isSilent({ inputs, outputs }: Pick<Run, "inputs" | "outputs">): boolean {
  return inputs === null && outputs === null;
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
