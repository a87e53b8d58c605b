/**
 * The collector's routes, described by hand: they are mounted by another room, and two of them speak OTLP, whose
 * schema is OpenTelemetry's own.
 */
const json = (schema: object) => ({ content: { "application/json": { schema } } });
const text = { type: "string" };
const any = { description: "Any JSON value" };
const share = { type: "number", minimum: 0, maximum: 1 };
const time = { type: "string", description: "ISO 8601, or milliseconds since the epoch" };

const run = {
  type: "object",
  required: ["workflow"],
  properties: {
    run_id: { ...text, description: "Makes the call idempotent; made up where it is missing" },
    workflow: text,
    inputs: any,
    outputs: any,
    status: { type: "string", enum: ["ok", "error"] },
    error: any,
    started_at: time,
    ended_at: time,
    version: text,
    prompt: any,
    model: text,
    confidence: share,
    steps: { type: "array", items: { type: "object" } },
    mode: { type: "string", enum: ["live", "shadow", "canary"] },
    attributes: { type: "object", additionalProperties: text },
    key: {
      ...text,
      description: "What the business calls the case; outcomes and decisions find the run by it",
    },
    decision: {
      ...any,
      description:
        "What a person decided on the input of a shadow run: `{output, reason?, note?, reviewer?}`",
    },
  },
};

const review = {
  type: "object",
  required: ["verdict"],
  properties: {
    verdict: { type: "string", enum: ["approved", "edited", "rejected"] },
    output: { ...any, description: "The corrected output of an edit" },
    reason: text,
    note: text,
    reviewer: text,
    duration_ms: { type: "number", minimum: 0 },
  },
};

const outcome = {
  type: "object",
  required: ["name", "value"],
  properties: { name: text, value: { type: ["number", "boolean", "string"] } },
};

const decision = {
  type: "object",
  required: ["output"],
  properties: {
    output: {
      ...any,
      description: "What the person would have answered; it may name only some of the fields",
    },
    reason: text,
    note: text,
    reviewer: text,
  },
};

/** A body that names its run itself, by id or by business key. */
const named = ({ properties, ...rest }: { required: string[]; properties: object }) => ({
  ...rest,
  properties: { workflow: text, key: text, run_id: text, ...properties },
});

const refusals = {
  "400": { description: "The body cannot be read" },
  "401": { description: "No valid key" },
  "413": { description: "The body is over the limit, also after decompression" },
  "415": { description: "Content type or encoding not supported" },
  "429": { description: "Too many requests; `Retry-After` says when to try again" },
  "503": { description: "The spool is full; `Retry-After` says when to try again" },
};

const recorded = {
  "200": { description: "Recorded" },
  "202": { description: "Kept until its run comes, for a month at most" },
};

const otlp = (summary: string) => ({
  post: {
    summary,
    description: "OTLP/HTTP as the OpenTelemetry specification has it, gzip or plain.",
    requestBody: {
      required: true,
      content: {
        "application/x-protobuf": { schema: { type: "string", format: "binary" } },
        ...json({}).content,
      },
    },
    responses: { "200": { description: "Accepted, maybe in part" }, ...refusals },
  },
});

const runParam = [{ name: "run_id", in: "path", required: true, schema: text }];

/** Paths of the collector, in OpenAPI 3.1. */
export const ingestPaths: Record<string, Record<string, unknown>> = {
  "/v1/traces": otlp("Send spans"),
  "/v1/logs": otlp("Send reviews and outcomes as events"),
  "/v1/metrics": otlp("Accepted and not kept, so that a stock SDK does not fail"),
  "/v1/runs": {
    post: {
      summary: "Send one run or an array of runs",
      requestBody: { required: true, ...json({ oneOf: [run, { type: "array", items: run }] }) },
      responses: { "200": { description: "The ids, and what was rejected" }, ...refusals },
    },
  },
  "/v1/runs/{run_id}/review": {
    post: {
      summary: "Record a person's verdict on a run",
      parameters: runParam,
      requestBody: { required: true, ...json(review) },
      responses: { "200": { description: "Recorded" }, "404": { description: "Run not known" }, ...refusals },
    },
  },
  "/v1/runs/{run_id}/outcome": {
    post: {
      summary: "Record what later happened because of a run",
      parameters: runParam,
      requestBody: { required: true, ...json(outcome) },
      responses: { "200": { description: "Recorded" }, "404": { description: "Run not known" }, ...refusals },
    },
  },
  "/v1/runs/{run_id}/decision": {
    post: {
      summary: "Record what a person decided on the input of a shadow run, before or after it",
      parameters: runParam,
      requestBody: { required: true, ...json(decision) },
      responses: { ...recorded, ...refusals },
    },
  },
  "/v1/outcomes": {
    post: {
      summary: "Record what later happened, by run id or by workflow and business key",
      requestBody: { required: true, ...json(named(outcome)) },
      responses: { ...recorded, ...refusals },
    },
  },
  "/v1/decisions": {
    post: {
      summary: "Record what a person decided, by run id or by workflow and business key",
      requestBody: { required: true, ...json(named(decision)) },
      responses: { ...recorded, ...refusals },
    },
  },
};
