import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { startOpenTelemetry } from "./provider.mjs";
import { failing, lookupCustomer, ticket } from "./triage.mjs";

const { shutdown } = startOpenTelemetry();
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "none" });
const telemetry = {
  isEnabled: true,
  functionId: process.env.WORKFLOW,
  metadata: { sessionId: "conversation-7", userId: "customer-12", promptVersion: "v12" },
};
const system = "You triage support tickets. Answer with JSON: category, urgency.";
const prompt = `${ticket.subject}\n${ticket.body}`;
const tools = {
  lookup_customer: tool({
    description: "Finds a customer by the domain of their address",
    inputSchema: z.object({ email_domain: z.string() }),
    execute: async (given) => lookupCustomer(given),
  }),
};

await generateText({
  model: openai.chat("gpt-4.1-mini"),
  temperature: 0.2,
  system,
  prompt,
  tools,
  stopWhen: stepCountIs(3),
  experimental_telemetry: telemetry,
});
const streamed = streamText({
  model: openai.chat("gpt-4.1-mini"),
  system,
  prompt,
  experimental_telemetry: { ...telemetry, functionId: `${process.env.WORKFLOW}-stream` },
});
await streamed.consumeStream();
await generateObject({
  model: openai.chat("gpt-4.1-mini"),
  system,
  prompt,
  schema: z.object({ category: z.string(), urgency: z.string() }),
  experimental_telemetry: { ...telemetry, functionId: `${process.env.WORKFLOW}-object` },
});
await failing(() =>
  generateText({
    model: openai.chat("gpt-broken"),
    maxRetries: 0,
    prompt,
    experimental_telemetry: telemetry,
  }),
);
await shutdown();
