import { normal, type Random } from "./random.ts";
import type { Ticket } from "./records.ts";

/** What the automation answers. */
export interface Triage {
  category: string;
  priority: string;
  reply: string;
}

/** An answer with what is known about the call that made it. */
export interface TriageCall {
  triage: Triage;
  /** 0 to 1. */
  confidence: number;
  inputTokens: number;
  outputTokens: number;
  durationMs: number;
}

/** The workflow's name. */
export const triageWorkflow = "ticket-triage";

const promptBase = `You sort messages of customers to a bank.
Answer with a category, a priority and a short reply.
Categories: card delivery, card problem, lost or stolen, payment dispute, transfer, top-up, cash, fees and rates, account, general.
`;

/** The prompt before, and after someone had a good idea. */
export const prompts = {
  before: `${promptBase}Choose the category that fits the message best.\n`,
  after: `${promptBase}If a message could belong to several categories, answer general.\n`,
} as const;

/** What was deployed with a prompt. */
export function triageVersion(prompt: string): {
  promptName: string;
  prompt: string;
  model: string;
  settings: { temperature: number };
} {
  return { promptName: "triage", prompt, model: "gpt-5-mini", settings: { temperature: 0 } };
}

/** Which words in the name of an intent make which category; the first that fits. */
const categories: readonly (readonly [string, RegExp])[] = [
  ["lost or stolen", /lost|stolen|compromised|swallowed/],
  ["card delivery", /arrival|delivery|order_physical|get_physical|spare_card|expire|activate/],
  ["payment dispute", /not_recognised|refund|charged_twice|reverted|statement/i],
  ["transfer", /transfer|beneficiary|receiving_money/],
  ["top-up", /top_up|topping_up/],
  ["cash", /cash|atm|balance_not_updated/],
  ["fees and rates", /fee|charge|exchange|fiat/],
  ["card problem", /not_working|declined|pin|passcode|card_payment|contactless|apple_pay|virtual/],
  ["account", /identity|verify|personal|account|age_limit|source_of_funds/],
];

const urgent: ReadonlySet<string> = new Set(["lost or stolen"]);
const high: ReadonlySet<string> = new Set(["payment dispute", "cash"]);

/** Share of messages that a reader could put under two categories. */
const ambiguousShare = 0.45;
/** Share that the model gets wrong under either prompt. */
const mistakenShare = 0.05;

/**
 * Stands in for the model: knows the message's real intent, errs now and then, and follows the prompt. With
 * the prompt of `after` it does what that prompt says, which is the fault of the demo.
 */
export function callModel(prompt: string, ticket: Ticket, random: Random): TriageCall {
  const isAmbiguous = random.next() < ambiguousShare;
  const isMistaken = random.next() < mistakenShare;
  const right = isMistaken ? pick(random) : categoryOf(ticket.intent);
  const category = prompt === prompts.after && isAmbiguous ? "general" : right;
  const reply = `Thank you for your message "${ticket.text.slice(0, 40)}". Our ${right} team will answer you today.`;
  const words = ticket.text.split(" ").length;
  const sureness = 0.93 - (isAmbiguous ? 0.08 : 0) - (isMistaken ? 0.15 : 0) + 0.04 * normal(random);
  return {
    triage: { category, priority: priorityOf(right), reply },
    confidence: Math.round(Math.min(0.99, Math.max(0.3, sureness)) * 100) / 100,
    inputTokens: 90 + Math.round(words * 1.3),
    outputTokens: 40 + Math.floor(random.next() * 15),
    durationMs: Math.round(900 * Math.exp(0.35 * normal(random))),
  };
}

/** The category of an intent, `general` where none fits. */
export function categoryOf(intent: string): string {
  return categories.find(([, words]) => words.test(intent))?.[0] ?? "general";
}

function priorityOf(category: string): string {
  if (urgent.has(category)) return "urgent";
  return high.has(category) ? "high" : "normal";
}

function pick(random: Random): string {
  return categories[Math.floor(random.next() * categories.length)]?.[0] ?? "general";
}
