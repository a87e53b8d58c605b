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

/** What a person decided on a run's input, as plain JSON. */
export const decisionSchema = z.object({
  decision_id: id.optional(),
  output: z
    .unknown()
    .refine((output) => output !== undefined && output !== null, { error: "must be what the person decided" })
    .transform((output) => output as Json),
  reason: z.string().nullish(),
  note: z.string().nullish(),
  reviewer: z.string().nullish(),
  at: time.nullish(),
});

/** Names a run by its id, or by workflow and business key. */
const runName = {
  workflow: z.string().trim().min(1).max(200).optional(),
  run_id: id.optional(),
  key: id.optional(),
};

function namesRun(named: {
  workflow?: string | undefined;
  run_id?: string | undefined;
  key?: string | undefined;
}) {
  return named.run_id !== undefined || (named.key !== undefined && named.workflow !== undefined);
}

const nameRule = { error: "must name its run: by 'run_id', or by 'workflow' and 'key'" };

/** An outcome that names its run, as `POST /v1/outcomes` takes it. */
export const namedOutcomeSchema = z.object({ ...outcomeSchema.shape, ...runName }).refine(namesRun, nameRule);

/** A decision that names its run, as `POST /v1/decisions` takes it. */
export const namedDecisionSchema = z
  .object({ ...decisionSchema.shape, ...runName })
  .refine(namesRun, nameRule);

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
  key: id.nullish(),
  trace_id: z.string().max(64).nullish(),
  owner: z.string().nullish(),
  steps: z.array(step).max(10_000).nullish(),
  reviews: z.array(reviewSchema).max(100).nullish(),
  outcomes: z.array(outcomeSchema).max(100).nullish(),
  decision: decisionSchema.nullish(),
});

export type PlainRun = z.output<typeof runSchema>;
export type PlainReview = z.output<typeof reviewSchema>;
export type PlainOutcome = z.output<typeof outcomeSchema>;
export type PlainDecision = z.output<typeof decisionSchema>;

/** The first fault of a refused value: names the member and the rule, never the value. */
export function faultOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "it breaks the schema";
  const path = issue.path.map(String).join(".");
  return path === "" ? issue.message : `'${path}': ${issue.message}`;
}
