import { createRoute, z } from "@hono/zod-openapi";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals } from "./base.ts";
import { presentClaim } from "./present.ts";
import { ReviewTask } from "./schemas.ts";

/** `GET /v1/reviews/next`. The answer goes to `POST /v1/runs/:run_id/review`. */
export function reviewRoutes({ guard, desk }: Pick<WebDeps, "guard" | "desk">): Api {
  const api = createApi();
  const next = createRoute({
    method: "get",
    path: "/v1/reviews/next",
    summary: "Claim the next run to review",
    request: {
      query: z.strictObject({
        workflow: z.string().optional(),
        reviewer: z.string().min(1).max(200).optional().meta({ description: "Default: the name of the key" }),
      }),
    },
    responses: {
      ...answers("A run, held for this reviewer until `claimed_until`", ReviewTask),
      204: { description: "No run waits" },
      ...refusals,
    },
  });
  api.openapi(guarded(api, guard, next, "review"), async (c) => {
    const { workflow, reviewer: given } = c.req.valid("query");
    const reviewer = given ?? c.get("visitor").name;
    if (reviewer === "")
      return c.json({ error: { message: "Cannot claim: 'reviewer' must name a person, got ''" } }, 400);
    const claim = await desk.next(reviewer, workflow);
    return claim === null ? c.body(null, 204) : c.json(presentClaim(claim), 200);
  });
  return api;
}
