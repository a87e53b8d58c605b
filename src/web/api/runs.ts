import { createRoute, z } from "@hono/zod-openapi";
import { dayMs } from "../../model/clock.ts";
import type { RunQuery } from "../../store/port.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, notFound, refusals, timeParam } from "./base.ts";
import { presentReceipt, presentRun } from "./present.ts";
import { Receipt, RunPage } from "./schemas.ts";

/** The parameters of a run search, in the API and on the page. */
export const runSearch = z.strictObject({
  workflow: z.string().max(200).optional(),
  status: z.enum(["ok", "error"]).optional(),
  version: z.string().max(200).optional(),
  q: z.string().max(200).optional().meta({ description: "Text anywhere in inputs, outputs or error" }),
  field: z.string().max(1000).optional().meta({ description: "A field path, such as output.category" }),
  value: z.string().max(1000).optional().meta({ description: "Exact value of `field`" }),
  from: timeParam.optional(),
  to: timeParam.optional(),
  cursor: z.string().optional().meta({ description: "From the page before" }),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** The store's query for a checked search. */
export function toRunQuery({ from, to, ...rest }: z.output<typeof runSearch>): RunQuery {
  const query = { ...rest, fromMs: from, toMs: to };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}

/**
 * One page of runs, newest first. Looks at the last day, then the last week, before it looks at everything: the
 * table is sorted by workflow first, and most pages are filled by what is new.
 */
export async function searchNewest(
  { store, clock }: Pick<WebDeps, "store" | "clock">,
  query: RunQuery,
): ReturnType<WebDeps["store"]["searchRuns"]> {
  const isBounded = query.cursor !== undefined || query.fromMs !== undefined || query.toMs !== undefined;
  for (const spanMs of isBounded ? [] : [dayMs, 7 * dayMs]) {
    const page = await store.searchRuns({ ...query, fromMs: clock.nowMs() - spanMs });
    // A cursor means that the page is full.
    if (page.cursor !== null) return page;
  }
  return store.searchRuns(query);
}

/** `GET /v1/runs` and `GET /v1/runs/:run_id`. */
export function runRoutes(deps: Pick<WebDeps, "store" | "guard" | "clock">): Api {
  const { store, guard } = deps;
  const api = createApi();
  const search = createRoute({
    method: "get",
    path: "/v1/runs",
    summary: "Search runs, newest first",
    request: { query: runSearch },
    responses: { ...answers("One page of runs", RunPage), ...refusals },
  });
  api.openapi(guarded(api, guard, search, "review"), async (c) => {
    const { runs, cursor } = await searchNewest(deps, toRunQuery(c.req.valid("query")));
    return c.json({ runs: runs.map(presentRun), cursor }, 200);
  });
  const one = createRoute({
    method: "get",
    path: "/v1/runs/{run_id}",
    summary: "The receipt: the whole story of one run in order",
    request: { params: z.object({ run_id: z.string() }) },
    responses: { ...answers("The receipt", Receipt), ...refusals, ...notFound },
  });
  api.openapi(guarded(api, guard, one, "review"), async (c) => {
    const { run_id: runId } = c.req.valid("param");
    const receipt = await store.receipt(runId);
    if (receipt === null) {
      const message = `Cannot find run '${runId}': one that was just sent is there a second or two later`;
      return c.json({ error: { message } }, 404);
    }
    return c.json(presentReceipt(receipt), 200);
  });
  return api;
}
