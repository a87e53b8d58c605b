import type { Json, JsonObject } from "../model/json.ts";
import { parseContent } from "./parse-json.ts";
import type { RedactionRules } from "./redaction-rules.ts";

/** The owner named no field with a longer path, so it is not followed further. */
const pathLengthMax = 4096;
/** Longer texts that look like JSON are redacted as text alone. */
const nestedTextMax = 256 * 1024;
/** JSON texts inside one value that are opened; the rest is redacted as text alone. */
const nestedTextsMax = 500;

/**
 * Redacts a JSON value: names, texts, JSON inside texts; and cuts what is too long, too deep or too much.
 *
 * @param root First part of the field paths, `input` or `output`.
 */
export function redactValue(value: Json, root: string, rules: RedactionRules): Json {
  return new Walk(rules).value(value, root, 0);
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

  constructor(private readonly rules: RedactionRules) {
    this.hasPaths = rules.always.size + rules.never.size > 0;
  }

  value(value: Json, path: string, depth: number, isAllowed = false): Json {
    const { rules } = this;
    let allowed = isAllowed;
    if (this.hasPaths) {
      if (rules.always.has(path)) return rules.whole("field", value);
      allowed ||= rules.never.has(path);
    }
    if (typeof value === "string") {
      if (allowed) return rules.cut(value);
      return this.holders > 0 ? rules.whole("secret", value) : this.text(value, path, depth);
    }
    if (typeof value === "number") return allowed ? value : this.number(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth >= rules.caps.depthMax) return "$cut: nested too deep";
    return Array.isArray(value)
      ? this.array(value, path, depth, allowed)
      : this.object(value, path, depth, allowed);
  }

  private object(value: JsonObject, path: string, depth: number, allowed: boolean): Json {
    const { rules } = this;
    const clean: JsonObject = {};
    let kept = 0;
    for (const name in value) {
      this.nodes += 1;
      if (this.nodes > rules.caps.nodesMax) {
        clean.$cut = `${Object.keys(value).length - kept} more members`;
        break;
      }
      kept += 1;
      const member = value[name] ?? null;
      const below = this.hasPaths && path.length + name.length < pathLengthMax ? `${path}.${name}` : path;
      const isFree = allowed || rules.never.has(below);
      const byName = isFree ? undefined : rules.byName(name, member);
      const isHolder = !isFree && byName === undefined && typeof member === "object" && rules.isHolder(name);
      if (isHolder) this.holders += 1;
      setMember(clean, rules.nature(name).kept, byName ?? this.value(member, below, depth + 1, isFree));
      if (isHolder) this.holders -= 1;
    }
    return clean;
  }

  private array(value: Json[], path: string, depth: number, allowed: boolean): Json {
    const below = this.hasPaths ? `${path}[]` : path;
    const clean: Json[] = [];
    for (const item of value) {
      this.nodes += 1;
      if (this.nodes > this.rules.caps.nodesMax) {
        clean.push(`$cut: ${value.length - clean.length} more items`);
        break;
      }
      clean.push(this.value(item, below, depth + 1, allowed));
    }
    return clean;
  }

  text(value: string, path: string, depth: number): string {
    const { rules } = this;
    if (this.opened >= nestedTextsMax || value.length > nestedTextMax || !rules.enabled)
      return rules.text(value);
    const nested = parseContent(value);
    if (typeof nested === "string") return rules.text(value);
    this.opened += 1;
    const clean = JSON.stringify(this.value(nested, path, depth + 1));
    return rules.text(clean === JSON.stringify(nested) ? value : clean);
  }

  /** A card number may come as a number. */
  private number(value: number): Json {
    if (value < 1e12 || !this.rules.enabled) return value;
    const plain = String(value);
    const clean = this.rules.text(plain);
    return clean === plain ? value : clean;
  }
}

/** Sets a member, also one named `__proto__`, which an assignment would lose. */
function setMember(object: JsonObject, name: string, value: Json) {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
