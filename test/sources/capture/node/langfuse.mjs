import { observeOpenAI } from "@langfuse/openai";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { propagateAttributes, startActiveObservation } from "@langfuse/tracing";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { envDetector, detectResources } from "@opentelemetry/resources";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import OpenAI from "openai";
import { failing, lookupCustomer, ticket, triage, triageBroken } from "./triage.mjs";

const processor = new LangfuseSpanProcessor({ exporter: new OTLPTraceExporter(), release: "4f2a9c1" });
const provider = new NodeTracerProvider({
  resource: detectResources({ detectors: [envDetector] }),
  spanProcessors: [processor],
});
provider.register();

const openai = observeOpenAI(new OpenAI({ maxRetries: 0 }), {
  generationName: "classify",
  langfusePrompt: { name: "triage-prompt", version: 12, isFallback: false },
});
const lookup = (given) =>
  startActiveObservation(
    "lookup_customer",
    async (tool) => {
      const output = lookupCustomer(given);
      tool.update({ input: given, output });
      return output;
    },
    { asType: "tool" },
  );
const observed = (work) =>
  propagateAttributes(
    { traceName: process.env.WORKFLOW, sessionId: "conversation-7", userId: "customer-12", version: "v12" },
    () =>
      startActiveObservation("handle-ticket", async (span) => {
        span.update({ input: ticket });
        span.update({ output: await work(ticket) });
      }),
  );

await observed((given) => triage(openai, given, lookup));
await failing(() => observed((given) => triageBroken(openai, given)));
await provider.shutdown();
