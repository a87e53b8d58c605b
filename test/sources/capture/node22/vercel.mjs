// Version 7 of the AI SDK, whose telemetry speaks the GenAI conventions.
import { createOpenAI } from "@ai-sdk/openai";
import { OpenTelemetry } from "@ai-sdk/otel";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector } from "@opentelemetry/resources";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { generateText, isStepCount, registerTelemetry, tool } from "ai";
import { z } from "zod";
import { failing, lookupCustomer, ticket } from "../node/triage.mjs";

const provider = new NodeTracerProvider({
  resource: detectResources({ detectors: [envDetector] }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
provider.register();
registerTelemetry(new OpenTelemetry({ runtimeContext: true }));

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "none" });
const given = {
  instructions: "You triage support tickets. Answer with JSON: category, urgency.",
  prompt: `${ticket.subject}\n${ticket.body}`,
  runtimeContext: { sessionId: "conversation-7", promptVersion: "v12" },
  telemetry: {
    functionId: process.env.WORKFLOW,
    includeRuntimeContext: { sessionId: true, promptVersion: true },
  },
};
const tools = {
  lookup_customer: tool({
    description: "Finds a customer by the domain of their address",
    inputSchema: z.object({ email_domain: z.string() }),
    execute: async (input) => lookupCustomer(input),
  }),
};

await generateText({
  ...given,
  model: openai.chat("gpt-4.1-mini"),
  temperature: 0.2,
  tools,
  stopWhen: isStepCount(3),
});
await failing(() => generateText({ ...given, model: openai.chat("gpt-broken"), maxRetries: 0 }));
await provider.shutdown();
