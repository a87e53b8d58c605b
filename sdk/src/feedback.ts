import { randomUUID } from "node:crypto";
import { capture, type Core, emitLog } from "./core.ts";
import type { AttributeValue, Attributes } from "./record.ts";
import { snapshot } from "./snapshot.ts";

/** A person's verdict on a run. */
export interface ReviewInput {
  verdict: "approved" | "edited" | "rejected";
  /** The corrected output of an edit. */
  output?: unknown;
  /** Why, in one of few words, so that reasons can be counted. */
  reason?: string | undefined;
  /** Why, in free words. */
  note?: string | undefined;
  reviewer?: string | undefined;
  /** Time the person took, in milliseconds. */
  durationMs?: number | undefined;
}

/** Sends a review of a run. The id it carries lets the sidecar recognise a request that came twice. */
export function reviewWith(core: Core, runId: string, review: ReviewInput, workflow = ""): void {
  capture(core, () => {
    const output = review.output === undefined ? null : snapshot(review.output);
    emit(core, "evenkeel.review", output?.bytes ?? 0, {
      "evenkeel.run.id": runId,
      "evenkeel.workflow": workflow,
      "evenkeel.review.id": randomUUID(),
      "evenkeel.review.verdict": review.verdict,
      "evenkeel.review.output": output === null ? "" : JSON.stringify(output.value),
      "evenkeel.review.reason": review.reason,
      "evenkeel.review.note": review.note,
      "evenkeel.review.reviewer": review.reviewer,
      "evenkeel.review.duration_ms": review.durationMs,
    });
  });
}

/** Names a run: by its id, or by what the business calls the case. */
export type RunName = string | { workflow: string; key: string };

/** What a person decided on the input of a run in shadow mode, without having seen its output. */
export interface DecisionInput {
  /** The output that the person would have given; it may name only some of the fields. */
  output: unknown;
  /** Why, in one of few words, so that reasons can be counted. */
  reason?: string | undefined;
  /** Why, in free words. */
  note?: string | undefined;
  reviewer?: string | undefined;
}

/** Sends a person's decision. It may come before its run, and waits for it at the sidecar. */
export function decisionWith(core: Core, run: RunName, decision: DecisionInput): void {
  capture(core, () => {
    const output = snapshot(decision.output);
    emit(core, "evenkeel.decision", output.bytes, {
      ...named(run),
      "evenkeel.decision.id": randomUUID(),
      "evenkeel.decision.output": JSON.stringify(output.value),
      "evenkeel.decision.reason": decision.reason,
      "evenkeel.decision.note": decision.note,
      "evenkeel.decision.reviewer": decision.reviewer,
    });
  });
}

/** Sends what later happened in the business because of a run. By business key it may come before the run. */
export function outcomeWith(
  core: Core,
  run: RunName,
  name: string,
  value: number | boolean | string,
  workflow = "",
): void {
  capture(core, () => {
    emit(core, "evenkeel.outcome", 0, {
      "evenkeel.workflow": workflow,
      ...named(run),
      "evenkeel.outcome.id": randomUUID(),
      "evenkeel.outcome.name": name,
      "evenkeel.outcome.value": value,
    });
  });
}

function named(run: RunName): Record<string, string> {
  if (typeof run === "string") return { "evenkeel.run.id": run };
  return { "evenkeel.workflow": run.workflow, "evenkeel.key": run.key };
}

function emit(
  core: Core,
  eventName: string,
  contentBytes: number,
  values: Record<string, AttributeValue | undefined>,
): void {
  const attributes: Attributes = new Map();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== "") attributes.set(name, value);
  }
  emitLog(core, { eventName, atMs: core.settings.clock.nowMs(), attributes }, contentBytes);
}
