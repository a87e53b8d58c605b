// OpenTelemetry's own instrumentation: spans for model calls, content as log records, nothing above them.
import { SpanStatusCode, trace } from "@opentelemetry/api";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { OpenAIInstrumentation } from "@opentelemetry/instrumentation-openai";
import { createRequire } from "node:module";
import { startOpenTelemetry } from "./provider.mjs";
import { failing, ticket, triage, triageBroken } from "./triage.mjs";

const { tracerProvider, loggerProvider, shutdown } = startOpenTelemetry();
registerInstrumentations({ instrumentations: [new OpenAIInstrumentation()], tracerProvider, loggerProvider });
const OpenAI = createRequire(import.meta.url)("openai");
const openai = new OpenAI({ maxRetries: 0 });

/** The application's own root span, as its tracing of jobs or requests makes one. */
const inSpan = (name, work) =>
  trace.getTracer("app").startActiveSpan(name, async (span) => {
    span.setAttribute("gen_ai.operation.name", "invoke_workflow");
    span.setAttribute("gen_ai.workflow.name", process.env.WORKFLOW);
    span.setAttribute("gen_ai.conversation.id", "conversation-7");
    try {
      return await work();
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });

await inSpan("triage", () => triage(openai, ticket));
await failing(() => inSpan("triage", () => triageBroken(openai, ticket)));
await shutdown();
