import { setMetadata, setPromptTemplate, setSession, setUser, withSpan } from "@arizeai/openinference-core";
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import { context, trace } from "@opentelemetry/api";
import OpenAI from "openai";
import { startOpenTelemetry } from "./provider.mjs";
import { failing, lookupCustomer, ticket, triage, triageBroken } from "./triage.mjs";

const { shutdown } = startOpenTelemetry();
new OpenAIInstrumentation().manuallyInstrument(OpenAI);
const openai = new OpenAI({ maxRetries: 0 });

const lookup = withSpan(lookupCustomer, { name: "lookup_customer", kind: "TOOL" });
const agent = (work) => withSpan(work, { name: process.env.WORKFLOW, kind: "AGENT" });

/** What an application says about its calls, through OpenInference's own context. */
const described = (work) => {
  let given = setSession(context.active(), { sessionId: "conversation-7" });
  given = setUser(given, { userId: "customer-12" });
  given = setMetadata(given, { region: "eu" });
  given = setPromptTemplate(given, {
    template: "You triage support tickets. Answer with JSON: {{fields}}.",
    variables: { fields: "category, urgency" },
    version: "v12",
  });
  return context.with(given, work);
};

await described(() =>
  agent(async (given) => {
    const answer = await triage(openai, given, lookup);
    trace.getActiveSpan().setAttributes({
      "annotations.0.annotation.name": "triage quality",
      "annotations.0.annotation.label": "correct",
      "annotations.0.annotation.annotator_kind": "HUMAN",
      "annotations.0.annotation.explanation": "Billing, as it should be",
      "annotations.0.annotation.identifier": "ana",
    });
    return answer;
  })(ticket),
);
await failing(() => described(() => agent((given) => triageBroken(openai, given))(ticket)));
await shutdown();
