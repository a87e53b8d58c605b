import { hash } from "node:crypto";
import { dayMs } from "../model/clock.ts";
import { compareOutputs } from "../model/compare-outputs.ts";
import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import type { Decision, Outcome, Review, Run, Step } from "../model/run.ts";
import type { SignalKind } from "../model/signal.ts";
import { numberBin } from "../model/signal.ts";
import type { ContractResult } from "./contract.ts";
import type { FieldCatalogue } from "./field-catalogue.ts";
import type { SeenFields, WordLists } from "./observe-value.ts";
import { ValueObserver } from "./observe-value.ts";
import { createRecentMap } from "./recent-map.ts";
import type { WorkflowSettings } from "./settings.ts";
import type { Scope, Tally } from "./tally.ts";

/** Recognises equal inputs within a window of time. */
export interface RecentInputs {
  /** True if the same inputs came to the workflow within the window before. */
  seen(workflow: string, inputs: string, atMs: number): boolean;
}

/** What counting needs to know. Given the same catalogue, counting is a pure function of its arguments. */
export interface ObserveContext {
  catalogue: FieldCatalogue;
  words: WordLists;
  recentInputs: RecentInputs;
  tally: Tally;
}

/** Counts a run: volume, errors, figures, contract, and its fields. Shadow and canary runs do not count as live. */
export function observeRun(
  run: Run,
  inputs: string,
  contract: ContractResult,
  settings: WorkflowSettings,
  context: ObserveContext,
): SeenFields {
  const found: SeenFields = { seen: new Set(), empty: new Set() };
  if (run.mode !== "live") return found;
  const fields = context.catalogue.of(run.workflow);
  const version = fields === null ? "other" : fields.version(run.version.id, run.receivedAtMs);
  const scope = context.tally.scope(run.workflow, version, run.receivedAtMs);
  scope.count("volume", "", "run");
  observeFigures(run, scope, settings);
  for (const { field, rule, signal, isBroken } of contract.rules) {
    yesNo(scope, "contract", signal, isBroken);
    if (rule === "allowed" || rule === "allowed_from") yesNo(scope, "allowed_values", field, isBroken);
  }
  if (inputs !== "null" && inputs !== "{}") {
    yesNo(scope, "duplicates", "", context.recentInputs.seen(run.workflow, inputs, run.receivedAtMs));
  }
  if (fields !== null) {
    if (run.modelResolved !== "") scope.count("model", "", `=${fields.model(run.modelResolved)}`);
    new ValueObserver("input", fields, context.words, scope, found).observe(run.inputs);
    new ValueObserver("output", fields, context.words, scope, found).observe(run.outputs);
  }
  return found;
}

function observeFigures(run: Run, scope: Scope, settings: WorkflowSettings) {
  yesNo(scope, "errors", "", run.status === "error");
  yesNo(scope, "retries", "", run.retries > 0);
  observeLatency(scope, "", run.startedAtMs, run.endedAtMs);
  if (run.inputTokens !== null || run.outputTokens !== null) {
    number(scope, "tokens", "", (run.inputTokens ?? 0) + (run.outputTokens ?? 0));
  }
  if (run.costUsd !== null) number(scope, "cost", "", run.costUsd);
  if (run.confidence !== null && settings.confidenceBelow !== null) {
    yesNo(scope, "low_confidence", "", run.confidence < settings.confidenceBelow);
  }
}

/** Counts a step, under its name, in the version of its run ("" where that is not known). */
export function observeStep(step: Step, version: string, atMs: number, context: ObserveContext): void {
  const fields = context.catalogue.of(step.workflow);
  if (fields === null) return;
  const scope = context.tally.scope(step.workflow, fields.version(version, atMs), atMs);
  const name = fields.step(step.name);
  yesNo(scope, "step_errors", name, step.status === "error");
  yesNo(scope, "retries", name, step.retries > 0);
  observeLatency(scope, name, step.startedAtMs, step.endedAtMs);
}

/**
 * Counts a review of a live run, with the run's age in days. Targeted reviews are left out: they would bias the rates.
 *
 * @param original the run's own output; undefined where it is not at hand, and then no field is counted.
 */
export function observeReview(review: Review, original: Json | undefined, context: ObserveContext): void {
  const fields = context.catalogue.of(review.workflow);
  if (fields === null || review.chosenBy === "targeted" || review.runMode !== "live") return;
  const version = fields.version(review.version, review.receivedAtMs);
  const scope = context.tally.scope(review.workflow, version, review.receivedAtMs);
  const age = ageInDays(review);
  const label = (kind: SignalKind, field: string, isYes: boolean) =>
    scope.count(kind, field, `${isYes ? "yes" : "no"}@${age}`);
  label("override_rate", "", review.verdict !== "approved");
  label("unusable_rate", "", review.verdict === "rejected");
  if (original === undefined || review.verdict === "rejected") return;
  const corrected = review.verdict === "edited" ? review.output : {};
  for (const [field, isChanged] of correctedFields(original, corrected))
    label("override_rate", field, isChanged);
}

/** Counts an outcome of a live run: yes or no for a boolean (also in words), a bin for a number, nothing for other text. */
export function observeOutcome(outcome: Outcome, context: ObserveContext): void {
  const fields = context.catalogue.of(outcome.workflow);
  if (fields === null || outcome.runMode !== "live") return;
  const version = fields.version(outcome.version, outcome.receivedAtMs);
  const scope = context.tally.scope(outcome.workflow, version, outcome.receivedAtMs);
  const { value } = outcome;
  const word = String(value).toLowerCase();
  const field = fields.outcome(outcome.name);
  if (typeof value === "number") number(scope, "outcome", field, value);
  else if (word === "true" || word === "yes") scope.count("outcome", field, `yes@${ageInDays(outcome)}`);
  else if (word === "false" || word === "no") scope.count("outcome", field, `no@${ageInDays(outcome)}`);
}

/** Counts whether a canary run's output differs from the answer that is pinned to its input: as a whole, and by field. */
export function observeCanary(run: Run, settings: WorkflowSettings, context: ObserveContext): void {
  const fields = context.catalogue.of(run.workflow);
  const pinned = settings.pinnedAnswer?.(run.attributes.canary_case ?? "") ?? null;
  if (fields === null || pinned === null) return;
  const version = fields.version(run.version.id, run.receivedAtMs);
  const scope = context.tally.scope(run.workflow, version, run.receivedAtMs);
  const how = { rules: settings.compare ?? {}, isPartial: pinned.isGiven };
  const compared = compareOutputs(pinned.outputs, run.outputs, how);
  yesNo(scope, "canary_delta", "", [...compared.values()].includes(true));
  for (const [field, differs] of compared) yesNo(scope, "canary_delta", fields.reviewed(field), differs);
}

/** Counts whether a person's decision differs from the run's output: as a whole, and by field. */
export function observeDecision(decision: Decision, context: ObserveContext): void {
  const fields = context.catalogue.of(decision.workflow);
  if (fields === null) return;
  const version = fields.version(decision.version, decision.receivedAtMs);
  const scope = context.tally.scope(decision.workflow, version, decision.receivedAtMs);
  const differing = new Set(decision.differing);
  yesNo(scope, "shadow_disagreement", "", differing.size > 0);
  for (const field of decision.compared)
    yesNo(scope, "shadow_disagreement", fields.reviewed(field), differing.has(field));
}

const correctedFieldsMax = 100;

/**
 * The output fields that a reviewer could have changed, and whether they did. A correction may name only what it
 * changes: members that it leaves out on the top level count as unchanged.
 */
export function correctedFields(original: Json, corrected: Json): Map<string, boolean> {
  const fields = new Map<string, boolean>();
  if (!isJsonObject(original) || !isJsonObject(corrected)) {
    if (!isJsonObject(original))
      fields.set("output", isJsonObject(corrected) ? false : original !== corrected);
    return fields;
  }
  compare({ ...original }, { ...original, ...corrected }, "output", fields);
  return fields;
}

function compare(
  before: Json | undefined,
  after: Json | undefined,
  path: string,
  fields: Map<string, boolean>,
) {
  if (fields.size >= correctedFieldsMax) return;
  if (isJsonObject(before) && isJsonObject(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[name], after[name], `${path}.${name}`, fields);
    }
    return;
  }
  fields.set(path, JSON.stringify(before) !== JSON.stringify(after));
}

/** Creates the memory of recent inputs: a hash each, at most `inputsMax`. */
export function createRecentInputs(windowMs: number, inputsMax = 100_000): RecentInputs {
  const lastMs = createRecentMap<number>(inputsMax);
  return {
    seen(workflow, inputs, atMs) {
      // Of the inputs alone, whose text then lies in one piece for the row too.
      const key = `${hash("sha1", inputs, "base64")} ${workflow}`;
      const before = lastMs.get(key);
      lastMs.set(key, atMs);
      return before !== undefined && Math.abs(atMs - before) <= windowMs;
    },
  };
}

function ageInDays(label: { receivedAtMs: number; runReceivedAtMs: number }): number {
  return Math.max(0, Math.floor((label.receivedAtMs - label.runReceivedAtMs) / dayMs));
}

/** A duration of exactly zero was not measured: the caller gave one time or none. */
function observeLatency(scope: Scope, field: string, startedAtMs: number, endedAtMs: number) {
  if (endedAtMs > startedAtMs) number(scope, "latency", field, endedAtMs - startedAtMs);
}

function yesNo(scope: Scope, kind: SignalKind, field: string, isYes: boolean) {
  scope.count(kind, field, isYes ? "yes" : "no");
}

function number(scope: Scope, kind: SignalKind, field: string, value: number) {
  const bin = numberBin(value);
  if (bin !== null) scope.count(kind, field, bin);
}
