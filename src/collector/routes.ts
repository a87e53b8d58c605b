import type { Context } from "hono";
import { Hono } from "hono";
import { PermanentError, TransientError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { readBody } from "./body.ts";
import type { Ingest, LabelAnswer } from "./ingest.ts";
import { otlpEncoding } from "./otlp-answer.ts";
import type { RoutesOptions } from "./otlp-routes.ts";
import { otlpRoutes, retryAfter } from "./otlp-routes.ts";
import { tryParseJson } from "./parse-json.ts";

const defaultBodyBytesMax = 20 * 1024 * 1024;

/** Everything that takes runs in: OTLP, and plain JSON under `/v1/runs`. */
export function collectorRoutes(ingest: Ingest, given: RoutesOptions = {}): Hono {
  const options = { bodyBytesMax: defaultBodyBytesMax, onError: () => undefined, ...given };
  const routes = new Hono();
  routes.route("/", otlpRoutes(ingest, options));
  routes.post("/v1/runs", (context) =>
    withBody(context, options, async (bytes) => {
      const isHistory = context.req.query("history") === "true";
      const runs = await ingest.runs(bytes, { isHistory });
      const isAllBad = runs.length > 0 && runs.every((run) => run.status === "rejected");
      return context.json({ runs }, isAllBad ? 400 : 200);
    }),
  );
  routes.post("/v1/runs/:run_id/review", (context) =>
    withBody(context, options, async (bytes) =>
      answerLabel(context, await ingest.review(context.req.param("run_id"), parse(bytes)), "review_id"),
    ),
  );
  routes.post("/v1/runs/:run_id/outcome", (context) =>
    withBody(context, options, async (bytes) =>
      answerLabel(context, await ingest.outcome(context.req.param("run_id"), parse(bytes)), "outcome_id"),
    ),
  );
  routes.post("/v1/runs/:run_id/decision", (context) =>
    withBody(context, options, async (bytes) =>
      answerLabel(context, await ingest.decision(context.req.param("run_id"), parse(bytes)), "decision_id"),
    ),
  );
  routes.post("/v1/outcomes", (context) =>
    withBody(context, options, async (bytes) =>
      answerLabel(context, await ingest.outcome(null, parse(bytes)), "outcome_id"),
    ),
  );
  routes.post("/v1/decisions", (context) =>
    withBody(context, options, async (bytes) =>
      answerLabel(context, await ingest.decision(null, parse(bytes)), "decision_id"),
    ),
  );
  return routes;
}

type LabelIdName = "review_id" | "outcome_id" | "decision_id";

/** 202 for what is kept until its run comes. */
function answerLabel(context: Context, answer: LabelAnswer | null, idName: LabelIdName) {
  if (answer === null)
    return context.json({ error: { message: "Cannot find run: there is none with this id" } }, 404);
  return context.json(
    { [idName]: answer.id, status: answer.status },
    answer.status === "waiting" ? 202 : 200,
  );
}

function parse(bytes: Uint8Array): Json {
  const body = tryParseJson(new TextDecoder().decode(bytes));
  if (body === undefined) throw new PermanentError("Cannot read the body: it is not JSON");
  return body;
}

/** Reads a JSON body and turns faults into answers. */
async function withBody(
  context: Context,
  options: Required<RoutesOptions>,
  take: (bytes: Uint8Array) => Promise<Response>,
): Promise<Response> {
  // Strict, since a browser sends no such type across sites without asking first.
  if (otlpEncoding(context.req.header("content-type")) !== "json") {
    return context.json(
      { error: { message: "Cannot read the body: the content type must be application/json" } },
      415,
    );
  }
  const body = await readBody(context, options.bodyBytesMax);
  if (body.kind === "refused") return context.json({ error: { message: body.reason } }, body.status);
  try {
    return await take(body.bytes);
  } catch (error) {
    if (error instanceof PermanentError) return context.json({ error: { message: error.message } }, 400);
    if (error instanceof TransientError) {
      return context.json({ error: { message: error.message } }, 503, { "Retry-After": retryAfter(error) });
    }
    options.onError(error);
    return context.json({ error: { message: "Cannot take the request: an internal error" } }, 500);
  }
}
