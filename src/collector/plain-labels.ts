import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { OutcomeDraft, ReviewDraft } from "./labels.ts";
import { mapPlainOutcome, mapPlainReview } from "./map-plain.ts";
import { faultOf, outcomeSchema, reviewSchema } from "./plain-schema.ts";

/**
 * Reads the body of `POST /v1/runs/:run_id/review`.
 *
 * @throws {PermanentError} If it breaks the schema. The message names the member and the rule, never the value.
 */
export function readPlainReview(runId: string, body: Json): ReviewDraft {
  const parsed = reviewSchema.safeParse(body);
  if (!parsed.success) throw new PermanentError(`Cannot read review: ${faultOf(parsed.error)}`);
  try {
    return mapPlainReview(runId, parsed.data);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PermanentError("Cannot read review: 'output' is nested too deep", { cause });
  }
}

/**
 * Reads the body of `POST /v1/runs/:run_id/outcome`.
 *
 * @throws {PermanentError} If it breaks the schema.
 */
export function readPlainOutcome(runId: string, body: Json): OutcomeDraft {
  const parsed = outcomeSchema.safeParse(body);
  if (!parsed.success) throw new PermanentError(`Cannot read outcome: ${faultOf(parsed.error)}`);
  return mapPlainOutcome(runId, parsed.data);
}
