import { createRoute, z } from "@hono/zod-openapi";
import { buildOutcomes, type OutcomesBoard } from "../boards/outcomes.ts";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals } from "./base.ts";
import { iso } from "./present.ts";

const Outcomes = z
  .object({
    workflow: z.string(),
    starts: z.array(z.string()).meta({ description: "When each span of runs begins" }),
    days: z.number(),
    outcomes: z.array(
      z.object({
        name: z.string(),
        unit: z.enum(["share", "number"]),
        of: z.enum(["known", "runs"]).meta({
          description: "What a share is of: known outcomes, or all runs where nobody ever says no",
        }),
        known_after_days: z.number().meta({ description: "Days after which nine of ten are known" }),
        cohorts: z.array(
          z.object({
            start: z.string(),
            runs: z.number(),
            known: z.number(),
            value: z.number().nullable(),
            low: z.number(),
            high: z.number(),
            open: z.boolean().meta({ description: "More outcomes of these runs are to be expected" }),
          }),
        ),
      }),
    ),
    signals: z.array(
      z.object({ kind: z.string(), unit: z.string(), values: z.array(z.number().nullable()) }),
    ),
  })
  .openapi("Outcomes");

/** `GET /v1/workflows/:workflow/outcomes`: what came of the runs, beside the technical signals. */
export function outcomeRoutes(deps: WebDeps): Api {
  const api = createApi();
  const route = createRoute({
    method: "get",
    path: "/v1/workflows/{workflow}/outcomes",
    summary: "Rates and means of what happened later, by when the runs arrived, beside the technical signals",
    request: {
      params: z.object({ workflow: z.string().min(1).max(200) }),
      query: z.strictObject({
        days: z.coerce.number().int().min(1).max(90).default(7).meta({ description: "Width of a span" }),
        count: z.coerce.number().int().min(1).max(60).default(8).meta({ description: "How many spans" }),
      }),
    },
    responses: { ...answers("Oldest first", Outcomes), ...refusals },
  });
  api.openapi(guarded(api, deps.guard, route, "review"), async (c) => {
    const query = c.req.valid("query");
    return c.json(
      presentOutcomes(await buildOutcomes(deps, c.req.valid("param").workflow, query), query.days),
      200,
    );
  });
  return api;
}

function presentOutcomes(
  { workflow, startsMs, outcomes, signals }: OutcomesBoard,
  days: number,
): z.output<typeof Outcomes> {
  return {
    workflow,
    days,
    starts: startsMs.map(iso),
    outcomes: outcomes.map(({ name, unit, of, knownAfterDays, cohorts }) => ({
      name,
      unit,
      of,
      known_after_days: knownAfterDays,
      cohorts: cohorts.map(({ startMs, isOpen, ...figure }) => ({
        start: iso(startMs),
        ...figure,
        open: isOpen,
      })),
    })),
    signals,
  };
}
