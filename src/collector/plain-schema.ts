import { z } from "zod";
import type { Json } from "../model/json.ts";
import { wellFormed } from "./well-formed.ts";

const json = z
  .unknown()
  .default(null)
  .transform((value) => value as Json);
const id = z.union([z.string().min(1).max(256).transform(wellFormed), z.int().transform(String)]);
const word = z.union([z.string(), z.number()]).transform(String);
/** ISO 8601, or seconds or milliseconds since the epoch. Gives milliseconds. */
const time = z.union([z.string(), z.number()]).transform((value) => {
  if (typeof value === "string") return Date.parse(value);
  return value < 1e11 ? value * 1000 : value;
});
const count = z.int().min(0).max(0xffff_ffff);

const error = z.union([
  z.string().transform((message) => ({ type: "Error", message, stack: "" })),
  z.object({
    type: z.string().default("Error"),
    message: z.string().default(""),
    stack: z.string().default(""),
  }),
]);

const prompt = z.union([
  z.string().transform((text) => ({ name: "", version: "", text })),
  z.object({ name: z.string().default(""), version: word.default(""), text: z.string().default("") }),
]);

const model = z.union([
  z.string().transform((name) => ({ name, resolved: "", settings: null as Json })),
  z.object({ name: z.string().default(""), resolved: z.string().default(""), settings: json }),
]);

const figures = {
  status: z.enum(["ok", "error"]).optional(),
  error: error.nullish(),
  started_at: time.nullish(),
  ended_at: time.nullish(),
  model: model.nullish(),
  input_tokens: count.nullish(),
  output_tokens: count.nullish(),
  retries: count.nullish(),
  attributes: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .nullish(),
};

const step = z.object({
  ...figures,
  name: z.string().min(1).max(200),
  kind: z.enum(["model", "tool", "step"]).default("step"),
  inputs: json,
  outputs: json,
});

/** A review as plain JSON. */
export const reviewSchema = z.object({
  review_id: id.optional(),
  verdict: z.enum(["approved", "edited", "rejected"]),
  output: json,
  reason: z.string().nullish(),
  note: z.string().nullish(),
  reviewer: z.string().nullish(),
  duration_ms: z.number().min(0).max(0xffff_ffff).nullish(),
  /** When it was given; used for imported history only. */
  at: time.nullish(),
});

/** An outcome as plain JSON. */
export const outcomeSchema = z.object({
  outcome_id: id.optional(),
  name: z.string().min(1).max(200),
  value: z.union([z.number(), z.boolean(), z.string()]),
  at: time.nullish(),
});

/** A run as plain JSON, as `POST /v1/runs` takes it. Unknown members are ignored. */
export const runSchema = z.object({
  ...figures,
  run_id: id.optional(),
  workflow: z.string().trim().min(1).max(200),
  mode: z.enum(["live", "shadow", "canary"]).default("live"),
  inputs: json,
  outputs: json,
  version: word.nullish(),
  prompt: prompt.nullish(),
  settings: json,
  code_revision: z.string().nullish(),
  model_resolved: z.string().nullish(),
  confidence: z.number().nullish(),
  cost_usd: z.number().nullish(),
  session_id: id.nullish(),
  trace_id: z.string().max(64).nullish(),
  owner: z.string().nullish(),
  steps: z.array(step).max(10_000).nullish(),
  reviews: z.array(reviewSchema).max(100).nullish(),
  outcomes: z.array(outcomeSchema).max(100).nullish(),
});

export type PlainRun = z.output<typeof runSchema>;
export type PlainReview = z.output<typeof reviewSchema>;
export type PlainOutcome = z.output<typeof outcomeSchema>;

/** The first fault of a refused value: names the member and the rule, never the value. */
export function faultOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it breaks the schema";
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `'${path}': ${issue.message}`;
}
