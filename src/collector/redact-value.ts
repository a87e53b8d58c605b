import type { Json, JsonObject } from "../model/json.ts";
import { parseContent } from "./parse-json.ts";
import type { RedactionRules } from "./redaction-rules.ts";
import { readSigns, secretSigns, sign } from "./signs.ts";

/** The owner named no field with a longer path, so it is not followed further. */
const pathLengthMax = 4096;
/** Longer texts that look like JSON are redacted as text alone. */
const nestedTextMax = 256 * 1024;
/** JSON texts inside one value that are opened; the rest is redacted as text alone. */
const nestedTextsMax = 500;

/** A value that may be kept. */
export interface CleanJson {
  value: Json;
  /** The same as `JSON.stringify(value)`. */
  text: string;
}

/**
 * Redacts a JSON value: names, texts, JSON inside texts; and cuts what is too long, too deep or too much. Its JSON text
 * is made on the way, since the walk looks at each character anyway and then knows which texts need no escapes.
 *
 * @param root First part of the field paths, `input` or `output`.
 */
export function redactValue(value: Json, root: string, rules: RedactionRules): CleanJson {
  const walk = new Walk(rules);
  const clean = walk.value(value, root, 0);
  return { value: clean, text: walk.jsonOf(clean) };
}

/** Redacts a text, and where it is JSON, the names and texts in it. */
export function redactText(value: string, rules: RedactionRules): string {
  return new Walk(rules).text(value, "", 0);
}

/** One walk over one value: it counts what it has seen, so that any value costs a bounded amount of work. */
class Walk {
  private nodes = 0;
  private opened = 0;
  /** Above zero within a list or object whose name says that it holds secrets. */
  private holders = 0;
  private readonly hasPaths: boolean;
  private json = "";
  /** Names changed, so that two may have become one: `json` is not to be trusted. */
  private isRenamed = false;

  constructor(private readonly rules: RedactionRules) {
    this.hasPaths = rules.always.size + rules.never.size > 0;
  }

  /** The JSON text of what the walk has answered. */
  jsonOf(clean: Json): string {
    return this.isRenamed ? JSON.stringify(clean) : this.json;
  }

  value(value: Json, path: string, depth: number, isAllowed = false): Json {
    const { rules } = this;
    let allowed = isAllowed;
    if (this.hasPaths) {
      if (rules.always.has(path)) return this.write(rules.whole("field", value));
      allowed ||= rules.never.has(path);
    }
    if (typeof value === "string") {
      if (allowed) return this.write(rules.cut(value));
      return this.holders > 0 ? this.write(rules.whole("secret", value)) : this.text(value, path, depth);
    }
    if (typeof value === "number") return this.write(allowed ? value : this.number(value));
    if (typeof value !== "object" || value === null) return this.write(value);
    if (depth >= rules.caps.depthMax) return this.write("$cut: nested too deep");
    return Array.isArray(value)
      ? this.array(value, path, depth, allowed)
      : this.object(value, path, depth, allowed);
  }

  private object(value: JsonObject, path: string, depth: number, allowed: boolean): Json {
    const { rules } = this;
    // Made when the first member changes; most objects are kept as they are.
    let clean: JsonObject | null = null;
    let kept = 0;
    this.json += "{";
    for (const name in value) {
      this.nodes += 1;
      if (this.nodes > rules.caps.nodesMax) {
        clean ??= membersBefore(value, name);
        clean.$cut = `${Object.keys(value).length - kept} more members`;
        this.isRenamed = true;
        break;
      }
      const member = value[name] ?? null;
      const below = this.hasPaths && path.length + name.length < pathLengthMax ? `${path}.${name}` : path;
      const nature = rules.nature(name);
      const isFree = allowed || rules.never.has(below);
      const isTelling = !isFree && nature.form !== null;
      const byName = isTelling ? rules.byName(name, member) : undefined;
      const isHolder =
        isTelling && byName === undefined && typeof member === "object" && rules.isHolder(name);
      this.json += kept === 0 ? nature.json : `,${nature.json}`;
      kept += 1;
      if (isHolder) this.holders += 1;
      const redacted =
        byName === undefined ? this.value(member, below, depth + 1, isFree) : this.write(byName);
      if (isHolder) this.holders -= 1;
      if (nature.kept !== name) this.isRenamed = true;
      else if (clean === null && redacted === member) continue;
      clean ??= membersBefore(value, name);
      setMember(clean, nature.kept, redacted);
    }
    this.json += "}";
    return clean ?? value;
  }

  private array(value: Json[], path: string, depth: number, allowed: boolean): Json {
    const below = this.hasPaths ? `${path}[]` : path;
    let clean: Json[] | null = null;
    this.json += "[";
    for (const [index, item] of value.entries()) {
      if (index > 0) this.json += ",";
      this.nodes += 1;
      if (this.nodes > this.rules.caps.nodesMax) {
        clean ??= value.slice(0, index);
        clean.push(this.write(`$cut: ${value.length - index} more items`));
        break;
      }
      const redacted = this.value(item, below, depth + 1, allowed);
      if (clean === null && redacted === item) continue;
      clean ??= value.slice(0, index);
      clean.push(redacted);
    }
    this.json += "]";
    return clean ?? value;
  }

  text(value: string, path: string, depth: number): string {
    const { rules } = this;
    if (!rules.enabled) return this.write(rules.text(value));
    if (this.opened < nestedTextsMax && value.length <= nestedTextMax) {
      const nested = parseContent(value);
      if (typeof nested !== "string") return this.write(this.nested(value, nested, path, depth));
    }
    const signs = readSigns(value);
    const clean = rules.text(value, signs);
    if (signs & (secretSigns | sign.escape)) return this.write(clean);
    this.json += `"${clean}"`;
    return clean;
  }

  /** JSON inside a text. */
  private nested(value: string, nested: Json, path: string, depth: number): string {
    const { rules } = this;
    this.opened += 1;
    const { json } = this;
    const clean = JSON.stringify(this.value(nested, path, depth + 1));
    this.json = json;
    return rules.text(clean === JSON.stringify(nested) ? value : clean);
  }

  /** A card number may come as a number. */
  private number(value: number): Json {
    if (value < 1e12 || !this.rules.enabled) return value;
    const plain = String(value);
    const clean = this.rules.text(plain);
    return clean === plain ? value : clean;
  }

  private write<T extends Json>(value: T): T {
    this.json += JSON.stringify(value);
    return value;
  }
}

/** A copy of the members that stand before one. */
function membersBefore(object: JsonObject, end: string): JsonObject {
  const copy: JsonObject = {};
  for (const name in object) {
    if (name === end) break;
    setMember(copy, name, object[name] ?? null);
  }
  return copy;
}

/** Sets a member, also one named `__proto__`, which an assignment would lose. */
function setMember(object: JsonObject, name: string, value: Json) {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
