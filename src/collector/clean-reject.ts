import type { Json, JsonObject } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import type { Redactor } from "./redact.ts";
import { cutOverlap } from "./redact.ts";
import { redactProtobuf } from "./redact-protobuf.ts";

const rejectBytesMax = 64 * 1024;

/**
 * Redacts what goes into the reject queue as well as something can be that was not understood: a plain run by its
 * members, an attribute by its key, else by text.
 *
 * @returns at most 64 KiB.
 */
export function cleanReject(
  reject: { body: Uint8Array | Json; contentType: string },
  redactor: Redactor,
): Buffer {
  return cleanBody(reject, redactor).subarray(0, rejectBytesMax);
}

function cleanBody({ body, contentType }: Parameters<typeof cleanReject>[0], redactor: Redactor): Buffer {
  if (body instanceof Uint8Array) {
    // Looked at a little beyond what is kept, so that no half of a secret stays at the end.
    const head = body.subarray(0, rejectBytesMax + cutOverlap);
    if (contentType === "protobuf" && !redactor.hidesUnread) return redactProtobuf(head, redactor);
    return Buffer.from(redactor.unread(Buffer.from(head).toString("latin1")), "latin1");
  }
  if (!isJsonObject(body) || !("workflow" in body || "inputs" in body || "outputs" in body)) {
    const clean = redactPairs(redactor.value(body, "").value, redactor);
    return Buffer.from(redactor.unread(JSON.stringify(clean)));
  }
  return Buffer.from(JSON.stringify(cleanPlain(body, redactor)));
}

/** Redacts the attributes of OTLP's JSON form, `{"key": "password", "value": {"stringValue": "…"}}`, by their keys. */
function redactPairs(json: Json, redactor: Redactor, names: readonly string[] = []): Json {
  if (typeof json === "string") return names.reduce((text, name) => redactor.named(name, text), json);
  if (Array.isArray(json)) return json.map((item) => redactPairs(item, redactor, names));
  if (!isJsonObject(json)) return json;
  const below = typeof json.key === "string" && isJsonObject(json.value) ? [...names, json.key] : names;
  const members = Object.entries(json).map(([member, value]): [string, Json] => [
    member,
    member === "key" ? value : redactPairs(value, redactor, below),
  ]);
  return Object.fromEntries(members);
}

const fieldRoots: Readonly<Record<string, string>> = { inputs: "input", outputs: "output", output: "output" };

/** A run of plain JSON that broke the schema: its content under the paths that the owner may have named. */
function cleanPlain(body: JsonObject, redactor: Redactor, isNested = false): JsonObject {
  const clean: JsonObject = {};
  for (const [name, value] of Object.entries(body)) {
    const root = fieldRoots[name];
    if (root !== undefined) clean[name] = redactor.value(value, root).value;
    else if (Array.isArray(value) && !isNested && (name === "steps" || name === "reviews"))
      clean[name] = value.map((item) => (isJsonObject(item) ? cleanPlain(item, redactor, true) : null));
    else Object.assign(clean, redactor.value({ [name]: value }, "").value);
  }
  return clean;
}
