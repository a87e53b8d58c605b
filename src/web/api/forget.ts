import { createRoute, z } from "@hono/zod-openapi";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals, takes } from "./base.ts";
import { readAct } from "./workflows.ts";

const Order = z.strictObject({
  value: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: "What names the person: an address, a name, a number" }),
  field: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: "Runs in which this field is the value; without, runs that hold it anywhere" }),
  workflow: z.string().min(1).max(200).optional(),
  dry_run: z.boolean().default(false).meta({ description: "Count, and change nothing" }),
  actor: z.string().max(200).optional(),
  reason: z.string().max(2000).default(""),
});

const Outcome = z
  .object({
    runs: z.number(),
    rejects: z.number(),
    counts: z.number().meta({ description: "Counts whose category was the value, kept under another name" }),
    other_rows: z.number().meta({ description: "Reviews and versions whose text was rewritten" }),
    journal_rows: z.number(),
    files: z.number(),
  })
  .openapi("Forgotten");

/** `POST /v1/forget`: deletes a person's data by a value, everywhere. */
export function forgetRoutes({ guard, forget }: WebDeps): Api {
  const api = createApi();
  const route = createRoute({
    method: "post",
    path: "/v1/forget",
    summary: "Delete one person's data by a value",
    description:
      "Runs with all that belongs to them are deleted, other places are rewritten. The audit log keeps who asked.",
    request: takes(Order),
    responses: { ...answers("What was found", Outcome), ...refusals },
  });
  api.openapi(guarded(api, guard, route, "admin"), async (c) => {
    const body = c.req.valid("json");
    const { value, field, workflow, dry_run: isTrial } = body;
    const done = await forget({ ...readAct(c, body), value, field, workflow, isTrial });
    const { rewritten, journalRows, ...plain } = done;
    return c.json({ ...plain, other_rows: rewritten, journal_rows: journalRows }, 200);
  });
  return api;
}
