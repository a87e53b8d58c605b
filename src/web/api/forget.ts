import { createRoute, z } from "@hono/zod-openapi";
import type { WebDeps } from "../ports.ts";
import { answers, type Api, createApi, guarded, refusals, takes } from "./base.ts";
import { ErrorBody } from "./schemas.ts";
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
  expect: z.number().int().min(0).optional().meta({
    description:
      "How many runs and rejects are to go, as a dry run told; needed where they are more than 100",
  }),
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

const Unconfirmed = ErrorBody.extend({
  expect: z.number().meta({ description: "How many runs and rejects would go: what `expect` must be" }),
}).openapi("ForgetUnconfirmed");

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
    responses: {
      ...answers("What was found", Outcome),
      ...refusals,
      409: {
        description:
          "More than 100 runs and rejects would go, or another number than expected; nothing was changed",
        content: { "application/json": { schema: Unconfirmed } },
      },
    },
  });
  api.openapi(guarded(api, guard, route, "admin"), async (c) => {
    const body = c.req.valid("json");
    const { value, field, workflow, expect, dry_run: isTrial } = body;
    const result = await forget({ ...readAct(c, body), value, field, workflow, expect, isTrial });
    if (result.kind === "unconfirmed") {
      const { why: message, expect } = result;
      const again = expect === 0 ? "without 'expect'" : `with 'expect': ${expect}`;
      const hint = `Look at what a dry run finds; if it is meant, send the order again ${again}`;
      return c.json({ error: { message, hint }, expect }, 409);
    }
    const { rewritten, journalRows, ...plain } = result.found;
    return c.json({ ...plain, other_rows: rewritten, journal_rows: journalRows }, 200);
  });
  return api;
}
