import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { PermanentError, TransientError } from "../../model/errors.ts";
import type { Guard, GuardedEnv } from "../guard.ts";
import type { Scope } from "../keys.ts";
import { ErrorBody } from "./schemas.ts";

/** A router whose parameters are checked by schema and whose refusals name key, rule and value. */
export type Api = OpenAPIHono<GuardedEnv>;

/** Creates a router that answers 400 on parameters outside their schema. */
export function createApi(): Api {
  return new OpenAPIHono<GuardedEnv>({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      return c.json(
        { error: { message: result.error.issues.map((issue) => describe(issue, c)).join("; ") } },
        400,
      );
    },
  });
}

function describe(issue: z.core.$ZodIssue, c: Context): string {
  const key = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.path.join(".");
  const given = key === "" ? undefined : c.req.query(key);
  const value = given === undefined ? "" : `, got '${given.slice(0, 64)}'`;
  return `Cannot read '${key || "body"}': ${issue.message}${value}`;
}

/**
 * Turns what a handler throws into an answer: 400 or 503 for the faults it knows, 500 for bugs.
 *
 * @param onBug Told of an error of no known kind: the caller hears nothing of it.
 */
export function answerError(error: Error, c: Context, onBug: (error: Error) => void): Response {
  if (error instanceof TransientError) {
    c.header("Retry-After", String(error.retryAfterSeconds));
    return c.json({ error: { message: error.message } }, 503);
  }
  if (error instanceof PermanentError) {
    const hint = error.hint === "" ? {} : { hint: error.hint };
    return c.json({ error: { message: error.message, ...hint } }, 400);
  }
  // A body of another type, or one that is not JSON.
  if (error instanceof HTTPException) {
    return c.json({ error: { message: `Cannot read the request: ${error.message}` } }, error.status);
  }
  onBug(error);
  return c.json({ error: { message: "Cannot answer: an internal error occurred" } }, 500);
}

/** A time as a parameter: ISO 8601 or milliseconds since the epoch; milliseconds afterwards. */
export const timeParam = z
  .string()
  .refine((text) => !Number.isNaN(parseTime(text)), {
    error: "must be an ISO 8601 time or milliseconds since the epoch",
  })
  .transform(parseTime)
  .openapi({ type: "string", description: "ISO 8601, or milliseconds since the epoch" });

function parseTime(text: string): number {
  // A Date turns a number that no clock shows into NaN.
  return new Date(/^\d{10,}$/.test(text) ? Number(text) : text).getTime();
}

const errorContent = { "application/json": { schema: ErrorBody } };

/** The refusals that any guarded route can answer with. */
export const refusals = {
  400: { description: "A parameter is outside its rule", content: errorContent },
  401: { description: "No valid key", content: errorContent },
  403: {
    description: "The key has another scope, or the request comes from another site",
    content: errorContent,
  },
  429: { description: "The key's rate limit is reached; try again", content: errorContent },
  503: { description: "ClickHouse cannot be reached; try again", content: errorContent },
};

/** What is asked for is not known. */
export const notFound = { 404: { description: "Not known", content: errorContent } };

/** A JSON answer with a schema. */
export function answers<T extends z.ZodType>(description: string, schema: T) {
  return { 200: { description, content: { "application/json": { schema } } } };
}

/** A JSON body with a schema. */
export function takes<T extends z.ZodType>(schema: T) {
  return { body: { content: { "application/json": { schema } }, required: true } };
}

/** Puts the guard in front of a route, and answers the route. */
export function guarded<T extends { method: string; getRoutingPath(): string }>(
  api: Api,
  guard: Guard,
  route: T,
  ...scopes: [Scope, ...Scope[]]
): T {
  api.on(route.method.toUpperCase(), route.getRoutingPath(), guard.requireScope(...scopes));
  return route;
}
