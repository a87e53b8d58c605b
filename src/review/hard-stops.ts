import type { Finding, Unjudged } from "../model/contract.ts";
import { isJsonObject, type Json } from "../model/json.ts";
import type { TopicFinder } from "./topics.ts";

/** The rules that say which items must be held. */
export interface HardStops {
  /** An item with a lower confidence, or none, is held; null: confidence does not matter. */
  confidenceBelow: number | null;
  contractBroken: boolean;
  inputIncomplete: boolean;
  topics: TopicFinder;
}

/** What is asked, before redaction. */
export interface HardStopFacts {
  action: string;
  payload: Json;
  /** Null where none were given. */
  inputs: Json;
  outputs: Json;
  note: string;
  confidence: number | null;
  /** What the contract says of the inputs, and of the outputs (the payload where none were given). */
  findings: readonly Finding[];
  /** The rules of the contract that could not be judged. */
  unjudged: readonly Unjudged[];
  /** Words that mean nothing was there, in lower case. */
  nullWords: ReadonlySet<string>;
}

const namedMax = 5;
const textLengthMax = 200_000;

/** Why an item must be held, in a few words each; empty where no rule holds it. What cannot be judged is held. */
export function hardStopReasons(stops: HardStops, facts: HardStopFacts): string[] {
  const reasons: string[] = [];
  const { confidenceBelow } = stops;
  const { confidence, findings, unjudged } = facts;
  if (confidenceBelow !== null && confidence === null) reasons.push("no confidence was given");
  if (confidenceBelow !== null && confidence !== null && confidence < confidenceBelow)
    reasons.push(`confidence ${confidence} is below ${confidenceBelow}`);
  if (stops.contractBroken && findings.length > 0)
    reasons.push(`contract broken: ${named(findings.map(({ field, rule }) => `${field} (${rule})`))}`);
  if (stops.contractBroken && unjudged.length > 0) {
    const rules = unjudged.map(({ field, rule, why }) => `${field} (${rule}, ${why})`);
    reasons.push(`contract cannot be judged: ${named(rules)}`);
  }
  if (stops.inputIncomplete) reasons.push(...incompleteInputs(facts));
  const text = textOf(facts);
  if (text.length > textLengthMax) reasons.push("too long to be searched for topics");
  for (const topic of stops.topics(text.slice(0, textLengthMax)))
    reasons.push(`topic: ${topic.replaceAll("_", " ")}`);
  return reasons;
}

/** A required input that is missing, or an input on the top level that holds nothing. */
function incompleteInputs({ inputs, findings, nullWords }: HardStopFacts): string[] {
  if (inputs === null) return ["no inputs were given"];
  const required = findings
    .filter(({ field, rule }) => field.startsWith("input.") && rule.startsWith("required"))
    .map(({ field }) => field);
  const empty = isJsonObject(inputs)
    ? Object.entries(inputs).flatMap(([name, value]) =>
        isNothing(value, nullWords) ? [`input.${name}`] : [],
      )
    : isNothing(inputs, nullWords)
      ? ["input"]
      : [];
  const missing = [...new Set([...required, ...empty])];
  return missing.length === 0 ? [] : [`input incomplete: ${named(missing)}`];
}

function isNothing(value: Json, nullWords: ReadonlySet<string>): boolean {
  if (value === null) return true;
  if (typeof value === "string") return value.trim() === "" || nullWords.has(value.trim().toLowerCase());
  if (typeof value !== "object") return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

/** Everything that words can be looked for in, names of fields included. */
function textOf({ action, payload, inputs, outputs, note }: HardStopFacts): string {
  const documents = [payload, inputs, outputs].map((value) => (value === null ? "" : JSON.stringify(value)));
  return [action, note, ...documents].join(" \n ");
}

function named(names: readonly string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).join(", ")}${more}`;
}
