import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { Accepted } from "./request.ts";
import type { Arrival } from "./map-plain.ts";
import { mapPlainLabels, mapPlainRun } from "./map-plain.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";
import { tryParseJson } from "./parse-json.ts";
import { faultOf, runSchema } from "./plain-schema.ts";

/** What became of one element of `POST /v1/runs`. */
export type RunAnswer =
  | { run_id: string; status: "accepted" | "duplicate" }
  | { index: number; status: "rejected"; error: string };

/** The elements of a request, mapped, and for each its run id or why it was refused. */
export interface PlainRuns {
  mapped: Mapped;
  elements: ({ runId: string } | { index: number; error: string })[];
}

/**
 * Reads one run or a list of runs in plain JSON. A bad element is set aside alone.
 *
 * @throws {PermanentError} If the body is not JSON, or neither an object nor a list.
 */
export function readPlainRuns(bytes: Uint8Array, arrival: Arrival): PlainRuns {
  const body = tryParseJson(new TextDecoder().decode(bytes));
  if (body === undefined) throw new PermanentError("Cannot read runs: the body is not JSON");
  if (typeof body !== "object" || body === null) {
    throw new PermanentError("Cannot read runs: the body must be a run or a list of runs");
  }
  const mapped = emptyMapped();
  const list = Array.isArray(body) ? body : [body];
  const elements = list.map((element, index) => readElement(element, index, arrival, mapped));
  return { mapped, elements };
}

function readElement(
  element: Json,
  index: number,
  arrival: Arrival,
  mapped: Mapped,
): PlainRuns["elements"][number] {
  const parsed = runSchema.safeParse(element);
  if (!parsed.success) {
    mapped.bad.push({ reason: "bad_run", body: element });
    return { index, error: `Cannot read run: ${faultOf(parsed.error)}` };
  }
  try {
    const run = mapPlainRun(parsed.data, arrival);
    mapped.labels.push(...mapPlainLabels(parsed.data, run));
    mapped.runs.push(run);
    return { runId: run.runId };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    mapped.bad.push({ reason: "bad_nesting", body: element });
    return { index, error: "Cannot read run: it is nested too deep" };
  }
}

/** Joins the elements of a request with what became of their runs. */
export function answerRuns(plain: PlainRuns, accepted: Accepted): RunAnswer[] {
  const fresh = new Set(accepted.newRunIds);
  const refused = new Set(accepted.rejectedRunIds);
  return plain.elements.map((element, index) => {
    if (!("runId" in element)) return { index: element.index, status: "rejected", error: element.error };
    if (refused.has(element.runId))
      return { index, status: "rejected", error: "Cannot read run: it cannot be processed" };
    // The second of two equal ids in one request is a duplicate of the first.
    const isNew = fresh.delete(element.runId);
    return { run_id: element.runId, status: isNew ? "accepted" : "duplicate" };
  });
}
