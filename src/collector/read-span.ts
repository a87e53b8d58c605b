import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import type { RunError, RunMode, Step, Version } from "../model/run.ts";
import {
  keys,
  kindKeys,
  langfuse,
  notSettingPrefix,
  notSettings,
  own,
  resource,
  settingPrefixes,
} from "./attributes.ts";
import type { Attributes, OtlpSpan } from "./otlp.ts";
import { parseAnyContent } from "./parse-json.ts";
import { canonicalJson, withVersionId } from "./version-id.ts";

/** What a span is to its trace. `null` for a span that speaks of no automation (http, db). */
export type SpanKind = "workflow" | "agent" | "model" | "tool" | "step" | null;

const kindWords: Readonly<Record<string, Exclude<SpanKind, null>>> = {
  invoke_workflow: "workflow",
  invoke_agent: "agent",
  create_agent: "agent",
  execute_tool: "tool",
  chat: "model",
  generate_content: "model",
  text_completion: "model",
  embeddings: "model",
  retrieval: "step",
  llm: "model",
  embedding: "model",
  generation: "model",
  chain: "step",
  retriever: "step",
  reranker: "step",
  guardrail: "step",
  evaluator: "step",
  prompt: "step",
  span: "step",
  task: "step",
  tool: "tool",
  agent: "agent",
  workflow: "workflow",
};

/** Reads what a span does, from whichever vocabulary it speaks. */
export function spanKind(attributes: Attributes): SpanKind {
  for (const key of [kindKeys.operation, kindKeys.openInference, kindKeys.openLlmetry, kindKeys.langfuse]) {
    const word = attributes.get(key);
    if (typeof word === "string") return kindWords[word.toLowerCase()] ?? "step";
  }
  const operation = attributes.get(kindKeys.vercel);
  if (typeof operation !== "string") return n8nKind(attributes);
  if (operation.startsWith("ai.toolCall")) return "tool";
  return operation.includes(".do") ? "model" : "step";
}

/** n8n names the workflow on the span of an execution alone. */
function n8nKind(attributes: Attributes): SpanKind {
  if (attributes.has(kindKeys.n8nNode)) return "step";
  return attributes.has(kindKeys.n8nWorkflow) ? "workflow" : null;
}

/** Reads the kind of a step: the SDK's own word, or what the span does. */
export function stepKind(attributes: Attributes): Step["kind"] {
  const given = attributes.get(own.stepKind);
  if (given === "model" || given === "tool" || given === "step") return given;
  const kind = spanKind(attributes);
  return kind === "model" || kind === "tool" ? kind : "step";
}

/** The first of some keys that holds a text or number, as text; "" if none does. */
export function textOf(attributes: Attributes, names: readonly string[]): string {
  for (const name of names) {
    const value = attributes.get(name);
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
  }
  return "";
}

/** The first of some keys that holds a finite number, also one written as text; null if none does. */
export function numberOf(attributes: Attributes, names: readonly string[]): number | null {
  for (const name of names) {
    const value = attributes.get(name);
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
  }
  return null;
}

/** Reads a whole number of zero or more, such as tokens or retries. */
export function countOf(attributes: Attributes, names: readonly string[]): number | null {
  const number = numberOf(attributes, names);
  return number === null || number < 0 ? null : Math.min(Math.round(number), 0xffff_ffff);
}

/** Reads a run's mode; anything unknown is live. */
export function modeOf(word: Json | undefined): RunMode {
  return word === "shadow" || word === "canary" ? word : "live";
}

/** Reads what was deployed. */
export function versionOf(span: OtlpSpan): Version {
  const { attributes } = span;
  return withVersionId(textOf(attributes, keys.version), {
    promptName: textOf(attributes, keys.promptName),
    promptVersion: textOf(attributes, keys.promptVersion),
    prompt: textOf(attributes, keys.prompt),
    model: modelOf(attributes),
    settings: settingsOf(attributes),
    codeRevision:
      textOf(attributes, keys.codeRevision) ||
      textOf(span.resource, [resource.codeRevision, resource.serviceVersion, resource.release]),
  });
}

/** The model that was asked for; the one that answered, where an instrumentation names no other. */
export function modelOf(attributes: Attributes): string {
  const named = textOf(attributes, keys.model);
  if (named !== "") return named;
  const { model } = objectOf(textOf(attributes, keys.settings), "settings");
  return typeof model === "string" ? model : textOf(attributes, keys.modelResolved);
}

function settingsOf(attributes: Attributes): string {
  const given = textOf(attributes, [own.settings]);
  if (given !== "") return canonicalJson(parseAnyContent(given));
  const settings = objectOf(textOf(attributes, keys.settings), "settings");
  for (const name of attributes.keys()) {
    const prefix = settingPrefixOf(name);
    if (prefix !== "") settings[name.slice(prefix.length)] = attributes.get(name) ?? null;
  }
  const told = Object.entries(settings).filter(([name]) => !notSettings.has(name));
  return told.length === 0 ? "" : canonicalJson(Object.fromEntries(told));
}

/** What a name begins with that is of a setting; "" for any other. */
function settingPrefixOf(name: string): string {
  for (const prefix of settingPrefixes) {
    if (name.startsWith(prefix) && !name.startsWith(notSettingPrefix)) return prefix;
  }
  return "";
}

/** The members of an object in JSON text; other JSON becomes the one member `name`. */
function objectOf(text: string, name: string): JsonObject {
  if (text === "") return {};
  const parsed = parseAnyContent(text);
  return isJsonObject(parsed) ? { ...parsed } : { [name]: parsed };
}

/** What a span spent. Langfuse tells it as objects in JSON. */
export function usageOf(attributes: Attributes): {
  inputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
} {
  const usage = packedIn(attributes, langfuse.usage);
  return {
    inputTokens: countOf(attributes, keys.inputTokens) ?? countOf(usage, ["input", "prompt_tokens"]),
    outputTokens: countOf(attributes, keys.outputTokens) ?? countOf(usage, ["output", "completion_tokens"]),
    costUsd: numberOf(attributes, keys.costUsd) ?? numberOf(packedIn(attributes, langfuse.cost), ["total"]),
  };
}

/** The members of an object in JSON text. */
function packedIn(attributes: Attributes, key: string): Attributes {
  const text = attributes.get(key);
  return typeof text === "string" ? new Map(Object.entries(objectOf(text, "total"))) : none;
}

/** Tells whether a span failed: by its status, or by Langfuse's own level. */
export function hasFailed(span: OtlpSpan): boolean {
  return span.failed || span.attributes.get(langfuse.level) === "ERROR";
}

/** Reads the error of a failed span: its exception event, else its status. Null for a span that succeeded. */
export function errorOf(span: OtlpSpan): RunError | null {
  if (!hasFailed(span)) return null;
  const exception = span.events.findLast((event) => event.name === "exception")?.attributes ?? none;
  const thrown = textOf(exception, ["exception.type"]);
  // A class that JavaScript has no name for is an Error to OpenTelemetry, and the attribute may know better.
  const type = (thrown === "Error" ? "" : thrown) || textOf(span.attributes, keys.errorType) || "Error";
  return {
    type: pythonClass.exec(type)?.[1] ?? type,
    message:
      textOf(exception, ["exception.message"]) ||
      span.statusMessage ||
      textOf(span.attributes, [langfuse.statusMessage]),
    stack: textOf(exception, ["exception.stacktrace"]),
  };
}

const none: Attributes = new Map();

/** How Python writes a class where an instrumentation meant its name. */
const pythonClass = /^<class '([^']+)'>$/;

/** Reads the low-cardinality attributes that a run or step keeps. */
export function keptAttributes(span: OtlpSpan): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of span.attributes.keys()) {
    if (!name.startsWith(own.attributePrefix)) continue;
    const value = span.attributes.get(name) ?? null;
    if (value === null) continue;
    kept[name.slice(own.attributePrefix.length)] =
      typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  const owner = textOf(span.attributes, [own.owner]);
  if (owner !== "") kept.owner = owner;
  const service = textOf(span.resource, [resource.service]);
  if (service !== "") kept.service = service;
  const environment =
    textOf(span.attributes, ["langfuse.environment"]) || textOf(span.resource, [resource.environment]);
  if (environment !== "") kept.environment = environment;
  return kept;
}

/** Tells whether a value says anything. */
export function hasContent(value: Json): boolean {
  return value !== null && !(isJsonObject(value) && Object.keys(value).length === 0);
}
