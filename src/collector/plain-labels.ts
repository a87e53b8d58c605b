import type { z } from "zod";
import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { DecisionDraft, OutcomeDraft, ReviewDraft } from "./labels.ts";
import { mapPlainDecision, mapPlainOutcome, mapPlainReview, type RunName } from "./map-plain.ts";
import {
  decisionSchema,
  faultOf,
  namedDecisionSchema,
  namedOutcomeSchema,
  outcomeSchema,
  reviewSchema,
} from "./plain-schema.ts";

/**
 * Reads the body of `POST /v1/runs/:run_id/review`.
 *
 * @throws {PermanentError} If it breaks the schema. The message names the member and the rule, never the value.
 */
export function readPlainReview(runId: string, body: Json): ReviewDraft {
  const review = parsed("review", reviewSchema, body);
  return shallow("review", () => mapPlainReview(runId, review));
}

/**
 * Reads the body of `POST /v1/runs/:run_id/outcome`, or with `null` for the id that of `POST /v1/outcomes`, which
 * names its run itself and waits for it.
 *
 * @throws {PermanentError} If it breaks the schema.
 */
export function readPlainOutcome(runId: string | null, body: Json): OutcomeDraft {
  if (runId !== null) return mapPlainOutcome(unnamed(runId), parsed("outcome", outcomeSchema, body), false);
  const outcome = parsed("outcome", namedOutcomeSchema, body);
  return mapPlainOutcome(nameOf(outcome), outcome, true);
}

/**
 * Reads the body of `POST /v1/runs/:run_id/decision`, or with `null` for the id that of `POST /v1/decisions`, which
 * names its run itself.
 *
 * @throws {PermanentError} If it breaks the schema.
 */
export function readPlainDecision(runId: string | null, body: Json): DecisionDraft {
  if (runId !== null) {
    const decision = parsed("decision", decisionSchema, body);
    return shallow("decision", () => mapPlainDecision(unnamed(runId), decision));
  }
  const decision = parsed("decision", namedDecisionSchema, body);
  return shallow("decision", () => mapPlainDecision(nameOf(decision), decision));
}

function unnamed(runId: string): RunName {
  return { runId, workflow: "", businessKey: "" };
}

/** An id names the run best; the key counts only without one. */
function nameOf(named: Partial<Record<"workflow" | "run_id" | "key", string | undefined>>): RunName {
  const runId = named.run_id ?? "";
  return { runId, workflow: named.workflow ?? "", businessKey: runId === "" ? (named.key ?? "") : "" };
}

function parsed<S extends z.ZodType>(what: string, schema: S, body: Json): z.output<S> {
  const result = schema.safeParse(body);
  if (!result.success) throw new PermanentError(`Cannot read ${what}: ${faultOf(result.error)}`);
  return result.data;
}

/** Content that nests thousands of levels deep overflows the stack. */
function shallow<T>(what: string, map: () => T): T {
  try {
    return map();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PermanentError(`Cannot read ${what}: 'output' is nested too deep`, { cause });
  }
}
