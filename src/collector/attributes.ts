/**
 * Every attribute name that the collector reads, in one place. Where several vocabularies name the same thing,
 * the first key present wins: Evenkeel's own, then OpenTelemetry GenAI (new names, then old), then Langfuse,
 * OpenLLMetry, OpenInference and the Vercel AI SDK.
 *
 * Sources: semantic-conventions v1.41.1 `docs/gen-ai`, OpenInference `spec/semantic_conventions.md`,
 * OpenLLMetry `semconv_ai/__init__.py`, `@langfuse/core` 5.11, `ai` 6.0.
 */

/** Names in Evenkeel's own namespace, as the SDK sends them. */
export const own = {
  workflow: "evenkeel.workflow",
  runId: "evenkeel.run.id",
  mode: "evenkeel.mode",
  confidence: "evenkeel.confidence",
  version: "evenkeel.version",
  step: "evenkeel.step",
  stepKind: "evenkeel.step.kind",
  retries: "evenkeel.retries",
  owner: "evenkeel.owner",
  /** `evenkeel.attr.<name>` becomes the run's attribute `<name>`. */
  attributePrefix: "evenkeel.attr.",
  reviewEvent: "evenkeel.review",
  reviewId: "evenkeel.review.id",
  reviewVerdict: "evenkeel.review.verdict",
  reviewOutput: "evenkeel.review.output",
  reviewReason: "evenkeel.review.reason",
  reviewNote: "evenkeel.review.note",
  reviewer: "evenkeel.review.reviewer",
  reviewDuration: "evenkeel.review.duration_ms",
  outcomeEvent: "evenkeel.outcome",
  outcomeId: "evenkeel.outcome.id",
  outcomeName: "evenkeel.outcome.name",
  outcomeValue: "evenkeel.outcome.value",
} as const;

/** Keys by concept, most trusted first. */
export const keys = {
  workflow: [
    own.workflow,
    "gen_ai.workflow.name",
    "langfuse.trace.name",
    "traceloop.workflow.name",
    "gen_ai.agent.name",
    "agent.name",
    "ai.telemetry.functionId",
  ],
  version: [own.version, "langfuse.version"],
  promptName: [
    "evenkeel.prompt.name",
    "gen_ai.prompt.name",
    "langfuse.observation.prompt.name",
    "traceloop.prompt.key",
    "prompt.id",
  ],
  promptVersion: [
    "evenkeel.prompt.version",
    "gen_ai.prompt.version",
    "langfuse.observation.prompt.version",
    "traceloop.prompt.version",
    "traceloop.prompt.version_hash",
    "llm.prompt_template.version",
  ],
  prompt: ["evenkeel.prompt.text", "traceloop.prompt.template", "llm.prompt_template.template"],
  model: [
    "evenkeel.model",
    "gen_ai.request.model",
    "langfuse.observation.model.name",
    "llm.model_name",
    "ai.model.id",
  ],
  modelResolved: ["evenkeel.model.resolved", "gen_ai.response.model", "ai.response.model"],
  settings: ["evenkeel.settings", "langfuse.observation.model.parameters", "llm.invocation_parameters"],
  codeRevision: ["evenkeel.code.revision", "langfuse.release"],
  inputTokens: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
  ],
  outputTokens: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
  ],
  costUsd: ["evenkeel.cost.usd", "llm.cost.total"],
  session: ["gen_ai.conversation.id", "langfuse.session.id", "session.id"],
  stepName: [
    own.step,
    "gen_ai.tool.name",
    "traceloop.entity.name",
    "ai.toolCall.name",
    "tool.name",
    "gen_ai.agent.name",
  ],
  errorType: ["error.type", "exception.type"],
} as const;

/** Where inputs are looked for, in order. `messages` hold GenAI messages, `content` anything. */
export const inputKeys = [
  { key: "evenkeel.input", shape: "content" },
  { key: "gen_ai.input.messages", shape: "messages" },
  { key: "gen_ai.tool.call.arguments", shape: "content" },
  { key: "langfuse.observation.input", shape: "content" },
  { key: "langfuse.trace.input", shape: "content" },
  { key: "traceloop.entity.input", shape: "content" },
  { key: "input.value", shape: "content" },
  { key: "ai.prompt.messages", shape: "messages" },
  { key: "ai.prompt", shape: "content" },
  { key: "ai.toolCall.args", shape: "content" },
  { key: "gen_ai.prompt", shape: "content" },
] as const;

/** Where outputs are looked for, in order. */
export const outputKeys = [
  { key: "evenkeel.output", shape: "content" },
  { key: "gen_ai.output.messages", shape: "messages" },
  { key: "gen_ai.tool.call.result", shape: "content" },
  { key: "langfuse.observation.output", shape: "content" },
  { key: "langfuse.trace.output", shape: "content" },
  { key: "traceloop.entity.output", shape: "content" },
  { key: "output.value", shape: "content" },
  { key: "ai.response.object", shape: "content" },
  { key: "ai.response.text", shape: "content" },
  { key: "ai.response.toolCalls", shape: "content" },
  { key: "ai.toolCall.result", shape: "content" },
  { key: "gen_ai.completion", shape: "content" },
] as const;

/** Messages spelled as one attribute per member: `<prefix>N.<role|content>`. */
export const flattenedInput = [
  { prefix: "llm.input_messages.", role: "message.role", content: "message.content" },
  { prefix: "gen_ai.prompt.", role: "role", content: "content" },
] as const;

/** The same for outputs. */
export const flattenedOutput = [
  { prefix: "llm.output_messages.", role: "message.role", content: "message.content" },
  { prefix: "gen_ai.completion.", role: "role", content: "content" },
] as const;

/** Span events whose attributes carry content as if they were the span's own. */
export const contentEvents: ReadonlySet<string> = new Set([
  "gen_ai.client.inference.operation.details",
  "gen_ai.content.prompt",
  "gen_ai.content.completion",
]);

/** Model settings that are gathered from single attributes: `gen_ai.request.<name>`. */
export const settingPrefix = "gen_ai.request.";
/** Members under `settingPrefix` that are not settings. */
export const notSettings: ReadonlySet<string> = new Set(["gen_ai.request.model"]);

/** Attributes that say what a span does, and what their values mean. */
export const kindKeys = {
  operation: "gen_ai.operation.name",
  openInference: "openinference.span.kind",
  openLlmetry: "traceloop.span.kind",
  langfuse: "langfuse.observation.type",
  vercel: "ai.operationId",
} as const;

/** Evaluation results as events (GenAI conventions 1.41, `gen-ai-events.md`). */
export const evaluation = {
  event: "gen_ai.evaluation.result",
  name: "gen_ai.evaluation.name",
  label: "gen_ai.evaluation.score.label",
  score: "gen_ai.evaluation.score.value",
  explanation: "gen_ai.evaluation.explanation",
} as const;

/** Resource attributes that name the service and its code. */
export const resource = {
  service: "service.name",
  serviceVersion: "service.version",
  codeRevision: "vcs.ref.head.revision",
  environment: "deployment.environment.name",
} as const;
