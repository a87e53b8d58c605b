import * as traceloop from "@traceloop/node-server-sdk";
import OpenAI from "openai";
import { failing, lookupCustomer, ticket, triage, triageBroken } from "./triage.mjs";

traceloop.initialize({
  appName: "ticket-desk",
  traceloopSyncEnabled: false,
  silenceInitializationMessage: true,
  instrumentModules: { openAI: OpenAI },
});
const openai = new OpenAI({ maxRetries: 0 });
const name = process.env.WORKFLOW;
const lookup = (given) => traceloop.withTool({ name: "lookup_customer" }, lookupCustomer, given);

await traceloop.withAssociationProperties({ session_id: "conversation-7", user_id: "customer-12" }, () =>
  traceloop.withWorkflow({ name, version: 12 }, (given) => triage(openai, given, lookup), ticket),
);
await failing(() =>
  traceloop.withWorkflow({ name, version: 12 }, (given) => triageBroken(openai, given), ticket),
);
await traceloop.forceFlush();
