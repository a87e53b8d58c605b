import { expect } from "vitest";

const ticket = { subject: "Charged twice", body: "Two charges of 40 EUR on my card this month." };
const prompt = "Charged twice\nTwo charges of 40 EUR on my card this month.";
const system = "You triage support tickets. Answer with JSON: category, urgency.";
const template = (fields: string) => `You triage support tickets. Answer with JSON: ${fields}.`;
const refusal = expect.stringContaining("This model's maximum context length is 8 tokens");
const model = "gpt-4.1-mini";
const resolved = "gpt-4.1-mini-2025-04-14";
const answer = { category: "billing", urgency: "high" };
const call = { kind: "model", status: "ok", model: resolved, input_tokens: 120, output_tokens: 30 };
const lookup = {
  kind: "tool",
  name: "lookup_customer",
  status: "ok",
  inputs: { email_domain: "acme.test" },
  outputs: { domain: "acme.test", plan: "team" },
};
/** The two model calls, with the tool between them where the source tells it. */
const told = (first: object, second: object) => [
  { ...call, ...first },
  lookup,
  { ...call, outputs: answer, ...second },
];
const asksForTool = expect.arrayContaining([expect.objectContaining({ role: "assistant" })]);
const spoken = { inputs: prompt, outputs: asksForTool };
const usual = {
  status: "ok",
  source: "otel",
  outputs: answer,
  session_id: "conversation-7",
  model,
  model_resolved: resolved,
  input_tokens: 240,
  output_tokens: 60,
};

/** What a source must bring: its good run with steps, version and reviews, and its failed run; null where none leaves it. */
export interface Expectation {
  source: string;
  run: object;
  /** What was deployed. */
  deployed: object;
  steps: object[];
  reviews?: object[];
  /** Besides the service; the environment where it is not said. */
  attributes?: object;
  failed: object | null;
}

const failed = (inputs: unknown, error_type: string, session_id = "conversation-7") => ({
  status: "error",
  inputs,
  outputs: null,
  error_type,
  error_message: refusal,
  session_id,
});

/** Every source with what must arrive of it, field by field. */
export const expectations: Expectation[] = [
  {
    source: "genai-js",
    run: { ...usual, inputs: prompt },
    deployed: { model, settings: { max_tokens: 200, temperature: 0.2 } },
    steps: [
      { ...call, ...spoken },
      { ...call, outputs: answer },
    ],
    failed: failed(prompt, "context_length_exceeded"),
  },
  ...["genai-python", "genai-python-events"].map((source) => ({
    source,
    run: { ...usual, inputs: prompt },
    deployed: { model, settings: { max_tokens: 200, temperature: 0.2 } },
    steps: [
      { ...call, ...spoken },
      { ...call, outputs: answer },
    ],
    failed: failed(prompt, "openai.BadRequestError"),
  })),
  {
    source: "openinference-js",
    // Its streamed calls name no tokens and no resolved model.
    run: { ...usual, inputs: ticket, input_tokens: 120, output_tokens: 30 },
    deployed: {
      model,
      prompt_version: "v12",
      prompt: template("{{fields}}"),
      settings: expect.objectContaining({ temperature: 0.2 }),
    },
    steps: told(spoken, { model, input_tokens: null, output_tokens: null }),
    reviews: [
      {
        verdict: "approved",
        reason: "triage quality",
        note: "Billing, as it should be",
        reviewer: "ana",
        chosen_by: "api",
      },
    ],
    failed: failed(ticket, "context_length_exceeded"),
  },
  {
    source: "openinference-python",
    run: { ...usual, inputs: ticket },
    deployed: {
      model,
      prompt_version: "v12",
      prompt: template("{fields}"),
      settings: { max_tokens: 200, temperature: 0.2 },
    },
    steps: told(spoken, {}),
    failed: failed(ticket, "openai.BadRequestError"),
  },
  {
    source: "openllmetry-js",
    // It counts the tokens of streamed calls by itself.
    run: { ...usual, inputs: ticket, version: "12", input_tokens: 161, output_tokens: 40 },
    deployed: { model, settings: { max_tokens: 200, temperature: 0.2 } },
    steps: told(spoken, { input_tokens: 41, output_tokens: 10 }),
    failed: null,
  },
  {
    source: "openllmetry-python",
    run: { ...usual, inputs: ticket, version: "12" },
    deployed: {
      model,
      prompt_version: "12",
      prompt: template("{fields}"),
      settings: { max_tokens: 200, temperature: 0.2 },
    },
    steps: told(spoken, {}),
    failed: failed(ticket, "openai.BadRequestError", ""),
  },
  {
    source: "langfuse-js",
    run: { ...usual, inputs: ticket, version: "v12", model: resolved },
    deployed: {
      prompt_name: "triage-prompt",
      prompt_version: "12",
      code_revision: "4f2a9c1",
      settings: { max_tokens: 200, temperature: 0.2, response_format: "" },
    },
    steps: told({ ...spoken, name: "classify" }, { model }),
    failed: failed(ticket, "Error"),
  },
  {
    source: "langfuse-python",
    run: { ...usual, inputs: ticket, version: "v12", model: resolved },
    deployed: { code_revision: "4f2a9c1" },
    steps: told(spoken, {}),
    failed: failed(ticket, "Error"),
  },
  {
    source: "n8n",
    // Its spans carry no content.
    run: { status: "ok", source: "otel", inputs: null, outputs: null, version: "b1c7" },
    deployed: { code_revision: "2.41.3" },
    attributes: {},
    steps: [
      { kind: "step", name: "Webhook", status: "ok" },
      { kind: "step", name: "Triage", status: "ok" },
    ],
    failed: failed(null, "NodeApiError", ""),
  },
  {
    source: "vercel-ai-7-js",
    run: { ...usual, inputs: prompt },
    deployed: { model, prompt_version: "v12", settings: { temperature: 0.2 } },
    steps: [
      ...told(spoken, {}),
      { kind: "step", name: "step 1", status: "ok" },
      { kind: "step", name: "step 2", status: "ok" },
    ],
    failed: failed(prompt, "AI_APICallError"),
  },
  {
    source: "vercel-ai-js",
    run: { ...usual, inputs: { system, prompt } },
    deployed: { model, prompt_version: "v12", settings: { temperature: 0.2 } },
    steps: told({ inputs: prompt }, {}),
    failed: failed({ prompt }, "AI_APICallError"),
  },
];
