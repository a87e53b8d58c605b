import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import { contentEvents, flattenedInput, flattenedOutput, inputKeys, outputKeys } from "./attributes.ts";
import type { Attributes, OtlpSpan } from "./otlp.ts";
import { parseAnyContent, parseContent } from "./parse-json.ts";

/** What went into a span and what came out. Undefined where the span does not say. */
export interface Content {
  inputs: Json | undefined;
  outputs: Json | undefined;
}

type Shape = "content" | "messages";
type ContentKeys = readonly { key: string; shape: Shape }[];
type FlattenedKeys = readonly { prefix: string; role: string; content: string }[];

const messagesMax = 200;

/** Reads a span's content, from whichever vocabulary it speaks (`attributes.ts`), or from its content events. */
export function readContent(span: OtlpSpan): Content {
  const inputs = readFrom(span.attributes, inputKeys, flattenedInput);
  const outputs = readFrom(span.attributes, outputKeys, flattenedOutput);
  if (span.events.length === 0 || (inputs !== undefined && outputs !== undefined)) return { inputs, outputs };
  const content = { inputs, outputs };
  for (const event of span.events) {
    if (!contentEvents.has(event.name)) continue;
    content.inputs ??= readFrom(event.attributes, inputKeys, flattenedInput);
    content.outputs ??= readFrom(event.attributes, outputKeys, flattenedOutput);
  }
  return content;
}

function readFrom(attributes: Attributes, from: ContentKeys, flattened: FlattenedKeys): Json | undefined {
  for (const { key, shape } of from) {
    const value = attributes.get(key);
    if (value === undefined || value === null) continue;
    if (key.startsWith("evenkeel.")) return typeof value === "string" ? parseAnyContent(value) : value;
    const parsed = typeof value === "string" ? parseContent(value) : value;
    return shape === "messages" ? simplifyMessages(parsed) : parsed;
  }
  for (const form of flattened) {
    const messages = readFlattened(attributes, form);
    if (messages.length > 0) return simplifyMessages(messages);
  }
  return undefined;
}

function readFlattened(attributes: Attributes, form: FlattenedKeys[number]): Json[] {
  const messages: Json[] = [];
  for (let index = 0; index < messagesMax; index += 1) {
    const role = attributes.get(`${form.prefix}${index}.${form.role}`);
    const content = attributes.get(`${form.prefix}${index}.${form.content}`);
    if (role === undefined && content === undefined) break;
    messages.push({ role: role ?? "", content: content ?? null });
  }
  return messages;
}

/**
 * Messages reduced to what an automation is about: where one message besides the system's holds nothing but text,
 * its text is the content (parsed, where it is JSON), so that the fields of a structured answer are fields.
 */
function simplifyMessages(messages: Json): Json {
  const list = isJsonObject(messages) && Array.isArray(messages.messages) ? messages.messages : messages;
  if (!Array.isArray(list)) return messages;
  const spoken = list.filter((message) => isJsonObject(message) && message.role !== "system");
  const [only] = spoken;
  if (spoken.length !== 1 || !isJsonObject(only)) return list;
  const text = messageText(only);
  return text === undefined ? list : parseContent(text);
}

function messageText(message: JsonObject): string | undefined {
  if (typeof message.content === "string") return message.content;
  const parts = Array.isArray(message.parts) ? message.parts : message.content;
  if (!Array.isArray(parts) || parts.length === 0) return undefined;
  const texts = parts.map((part) => {
    if (!isJsonObject(part) || part.type !== "text") return undefined;
    return typeof part.content === "string" ? part.content : part.text;
  });
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : undefined;
}
