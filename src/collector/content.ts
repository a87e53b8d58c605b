import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import {
  contentEvents,
  flattenedInput,
  flattenedOutput,
  inputKeys,
  kindKeys,
  outputKeys,
} from "./attributes.ts";
import type { Attributes, OtlpSpan } from "./otlp.ts";
import { parseAnyContent, parseContent } from "./parse-json.ts";

/** What went into a span and what came out. Undefined where the span does not say. */
export interface Content {
  inputs: Json | undefined;
  outputs: Json | undefined;
}

type Shape = "content" | "messages" | "call";
type ContentKeys = readonly { key: string; shape: Shape }[];
type FlattenedKeys = readonly { prefix: string; role: string; content: string }[];

const messagesMax = 200;

/** Reads a span's content, from whichever vocabulary it speaks (`attributes.ts`), or from its content events. */
export function readContent(span: OtlpSpan): Content {
  const content = contentOf(span.attributes);
  for (const event of span.events) {
    if (!contentEvents.has(event.name)) continue;
    const more = contentOf(event.attributes);
    content.inputs ??= more.inputs;
    content.outputs ??= more.outputs;
  }
  return content;
}

/** Reads the content that attributes carry: those of a span, an event or a log record. */
export function contentOf(attributes: Attributes): Content {
  return {
    inputs: readFrom(attributes, inputKeys, flattenedInput),
    outputs: readFrom(attributes, outputKeys, flattenedOutput),
  };
}

function readFrom(attributes: Attributes, from: ContentKeys, forms: FlattenedKeys): Json | undefined {
  // A model call of OpenInference has its whole HTTP request and response under the keys, with ids and times.
  return attributes.get(kindKeys.openInference) === "LLM"
    ? (readForms(attributes, forms) ?? readKeys(attributes, from))
    : (readKeys(attributes, from) ?? readForms(attributes, forms));
}

function readKeys(attributes: Attributes, from: ContentKeys): Json | undefined {
  for (const { key, shape } of from) {
    const value = attributes.get(key);
    if (value === undefined || value === null) continue;
    if (key.startsWith("evenkeel.")) return typeof value === "string" ? parseAnyContent(value) : value;
    const parsed = typeof value === "string" ? parseContent(value) : value;
    if (shape === "messages" || isGeneration(attributes))
      return simplifyMessages(parsed, isAgent(attributes));
    return shape === "call" ? argumentsOf(parsed) : parsed;
  }
  return undefined;
}

function readForms(attributes: Attributes, forms: FlattenedKeys): Json | undefined {
  for (const form of forms) {
    const messages = readFlattened(attributes, form);
    if (messages.length > 0) return simplifyMessages(messages);
  }
  return undefined;
}

/** A model call of Langfuse, whose content is that of the provider's library. */
function isGeneration(attributes: Attributes): boolean {
  return attributes.get(kindKeys.langfuse) === "generation";
}

/** The calls of tools that an agent's answer tells along are its steps already. */
function isAgent(attributes: Attributes): boolean {
  const operation = attributes.get(kindKeys.operation);
  return operation === "invoke_agent" || operation === "invoke_workflow";
}

/** What a function was called with: its one argument as it is, so that the fields of an object are fields. */
function argumentsOf(value: Json): Json {
  if (!isJsonObject(value) || !Array.isArray(value.args) || !isJsonObject(value.kwargs)) return value;
  if (Object.keys(value).length !== 2) return value;
  const { args, kwargs } = value;
  if (args.length === 0) return kwargs;
  if (Object.keys(kwargs).length > 0) return value;
  const [only = null] = args;
  return args.length === 1 ? only : args;
}

function readFlattened(attributes: Attributes, form: FlattenedKeys[number]): Json[] {
  const messages: Json[] = [];
  for (let index = 0; index < messagesMax; index += 1) {
    const prefix = `${form.prefix}${index}.`;
    const role = attributes.get(`${prefix}${form.role}`);
    const content = attributes.get(`${prefix}${form.content}`) ?? readParts(attributes, prefix);
    const calls = readToolCalls(attributes, prefix);
    if (role === undefined && content === undefined && calls.length === 0) break;
    const message = { role: role ?? "", content: content ?? null };
    messages.push(calls.length === 0 ? message : { ...message, tool_calls: calls });
  }
  return messages;
}

/** Texts of a message with several parts, as OpenInference spells them. */
function readParts(attributes: Attributes, prefix: string): string | undefined {
  const texts: string[] = [];
  for (let index = 0; index < messagesMax; index += 1) {
    const text = attributes.get(`${prefix}message.contents.${index}.message_content.text`);
    if (typeof text !== "string") break;
    texts.push(text);
  }
  return texts.length === 0 ? undefined : texts.join("\n");
}

function readToolCalls(attributes: Attributes, prefix: string): JsonObject[] {
  const calls: JsonObject[] = [];
  for (let index = 0; index < messagesMax; index += 1) {
    const member = `${prefix}message.tool_calls.${index}.tool_call.function.`;
    const name = attributes.get(`${member}name`);
    if (name === undefined) break;
    const given = attributes.get(`${member}arguments`) ?? null;
    calls.push({ name, arguments: typeof given === "string" ? parseContent(given) : given });
  }
  return calls;
}

/**
 * Messages reduced to what an automation is about: where one message besides the system's holds nothing but text,
 * its text is the content (parsed, where it is JSON), so that the fields of a structured answer are fields. What a model
 * thought before it spoke is no content.
 *
 * @param withoutTools whether calls of tools beside the text are left out, too.
 */
export function simplifyMessages(messages: Json, withoutTools = false): Json {
  const list = listOf(messages);
  if (list === null) return messages;
  const spoken = list.filter((message) => isJsonObject(message) && message.role !== "system");
  const [only] = spoken;
  if (spoken.length !== 1 || !isJsonObject(only)) return list;
  const text = messageText(only, withoutTools ? besides : thoughts);
  return text === undefined ? list : parseContent(text);
}

/** Types of parts that do not count beside text. */
const thoughts: ReadonlySet<Json> = new Set(["reasoning", "thinking"]);
const besides: ReadonlySet<Json> = new Set([...thoughts, "tool_call", "tool_call_response"]);

function messageText(message: JsonObject, ignored: ReadonlySet<Json>): string | undefined {
  if (typeof message.content === "string") return message.content;
  const given = Array.isArray(message.parts) ? message.parts : message.content;
  if (!Array.isArray(given)) return undefined;
  const parts = given.filter((part) => !isJsonObject(part) || !ignored.has(part.type ?? null));
  if (parts.length === 0) return undefined;
  const texts = parts.map((part) => {
    if (!isJsonObject(part) || part.type !== "text") return undefined;
    return typeof part.content === "string" ? part.content : part.text;
  });
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : undefined;
}

/** The messages of a list, of a request with one, or of a single message; null for anything else. */
function listOf(messages: Json): Json[] | null {
  if (Array.isArray(messages)) return messages;
  if (!isJsonObject(messages)) return null;
  if (Array.isArray(messages.messages)) return messages.messages;
  return typeof messages.role === "string" ? [messages] : null;
}
