/**
 * Every attribute name that the collector reads, in one place. Where several vocabularies name the same thing,
 * the first key present wins: Evenkeel's own, then OpenTelemetry GenAI (new names, then old), then Langfuse,
 * OpenLLMetry, OpenInference, the Vercel AI SDK and n8n.
 *
 * Sources: semantic-conventions v1.41.1 `docs/gen-ai`, OpenInference `spec/semantic_conventions.md`,
 * OpenLLMetry `semconv_ai/__init__.py`, `@langfuse/core` 5.11, `ai` 6.0 and 7.0, n8n 2.41 `modules/otel/otel.constants`.
 */

/** Names in Evenkeel's own namespace, as the SDK sends them. */
export const own = {
  workflow: "evenkeel.workflow",
  runId: "evenkeel.run.id",
  businessKey: "evenkeel.key",
  mode: "evenkeel.mode",
  confidence: "evenkeel.confidence",
  version: "evenkeel.version",
  settings: "evenkeel.settings",
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
  decisionEvent: "evenkeel.decision",
  decisionId: "evenkeel.decision.id",
  decisionOutput: "evenkeel.decision.output",
  decisionReason: "evenkeel.decision.reason",
  decisionNote: "evenkeel.decision.note",
  decisionReviewer: "evenkeel.decision.reviewer",
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
    "n8n.workflow.name",
  ],
  /** What a step reads or writes. */
  source: ["gen_ai.data_source.id", "db.collection.name", "messaging.destination.name"],
  version: [own.version, "langfuse.version", "traceloop.entity.version", "n8n.workflow.version_id"],
  promptName: [
    "evenkeel.prompt.name",
    "gen_ai.prompt.name",
    "langfuse.observation.prompt.name",
    "traceloop.prompt.key",
    "prompt.id",
    "ai.telemetry.metadata.promptName",
    "ai.settings.context.promptName",
  ],
  promptVersion: [
    "evenkeel.prompt.version",
    "gen_ai.prompt.version",
    "langfuse.observation.prompt.version",
    "traceloop.prompt.version",
    "traceloop.prompt.version_hash",
    "llm.prompt_template.version",
    "ai.telemetry.metadata.promptVersion",
    "ai.settings.context.promptVersion",
  ],
  prompt: ["evenkeel.prompt.text", "traceloop.prompt.template", "llm.prompt_template.template"],
  model: ["evenkeel.model", "gen_ai.request.model", "llm.request.model_name", "ai.model.id"],
  modelResolved: [
    "evenkeel.model.resolved",
    "gen_ai.response.model",
    "llm.response.model_name",
    "ai.response.model",
    "langfuse.observation.model.name",
    "llm.model_name",
  ],
  settings: ["langfuse.observation.model.parameters", "llm.invocation_parameters"],
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
  session: [
    "gen_ai.conversation.id",
    "langfuse.session.id",
    "session.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "ai.settings.context.sessionId",
  ],
  stepName: [
    own.step,
    "gen_ai.tool.name",
    "traceloop.entity.name",
    "ai.toolCall.name",
    "tool.name",
    "gen_ai.agent.name",
    "n8n.node.name",
  ],
  errorType: ["error.type", "exception.type", "n8n.execution.error_type"],
} as const;

/**
 * Where inputs are looked for, in order. `messages` hold GenAI messages, `call` the arguments of a function as
 * `{"args": […], "kwargs": {…}}` or anything, `content` anything.
 */
export const inputKeys = [
  { key: "evenkeel.input", shape: "content" },
  { key: "gen_ai.input.messages", shape: "messages" },
  { key: "gen_ai.tool.call.arguments", shape: "content" },
  { key: "langfuse.observation.input", shape: "call" },
  { key: "langfuse.trace.input", shape: "call" },
  { key: "traceloop.entity.input", shape: "call" },
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

/** Messages as log records of their own (GenAI conventions up to 1.36): the role by the name of the event. */
export const messageEvents: Readonly<Record<string, string>> = {
  "gen_ai.system.message": "system",
  "gen_ai.user.message": "user",
  "gen_ai.assistant.message": "assistant",
  "gen_ai.tool.message": "tool",
};

/** The answer as a log record of its own (the same conventions). */
export const choiceEvent = "gen_ai.choice";

/** Span events, and log records, whose attributes carry content as if they were the span's own. */
export const contentEvents: ReadonlySet<string> = new Set([
  "gen_ai.client.inference.operation.details",
  "gen_ai.content.prompt",
  "gen_ai.content.completion",
]);

/** Model settings that are gathered from single attributes: `gen_ai.request.<name>`. */
export const settingPrefixes = ["gen_ai.request.", "ai.settings."] as const;
/** What an application tells of itself among the settings of the Vercel AI SDK. */
export const notSettingPrefix = "ai.settings.context.";
/** Settings that say nothing of how the model answers, or are told apart from the others. */
export const notSettings: ReadonlySet<string> = new Set(["model", "maxRetries", "stream", "stream_options"]);

/** Attributes that say what a span does, and what their values mean. */
export const kindKeys = {
  operation: "gen_ai.operation.name",
  openInference: "openinference.span.kind",
  openLlmetry: "traceloop.span.kind",
  langfuse: "langfuse.observation.type",
  vercel: "ai.operationId",
  n8nWorkflow: "n8n.workflow.id",
  n8nNode: "n8n.node.id",
} as const;

/** What Langfuse packs into JSON, or says beside the span's status. */
export const langfuse = {
  usage: "langfuse.observation.usage_details",
  cost: "langfuse.observation.cost_details",
  level: "langfuse.observation.level",
  statusMessage: "langfuse.observation.status_message",
} as const;

/** Annotations of OpenInference: `<prefix><N>.<member>` (its `spec/annotations.md`). */
export const annotationForms = [
  { prefix: "annotations.", member: "annotation." },
  { prefix: "evaluations.", member: "evaluation." },
  { prefix: "trace.annotations.", member: "annotation." },
  { prefix: "trace.evaluations.", member: "evaluation." },
] as const;

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
  workflow: "evenkeel.workflow",
  service: "service.name",
  serviceVersion: "service.version",
  codeRevision: "vcs.ref.head.revision",
  release: "langfuse.release",
  environment: "deployment.environment.name",
} as const;
