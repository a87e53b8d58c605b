import type { Json } from "../model/json.ts";
import type { Caps } from "./cut.ts";
import { cutText, defaultCaps, isOverCap } from "./cut.ts";
import type { TextRedactor } from "./redact-text.ts";
import { createTextRedactor } from "./redact-text.ts";
import type { CleanJson } from "./redact-value.ts";
import { redactText, redactValue } from "./redact-value.ts";
import type { NameNature, RedactionRules } from "./redaction-rules.ts";
import { countedKey, countingKey, phoneKey, secretKey } from "./secrets.ts";
import { wellFormed } from "./well-formed.ts";

/** Makes values fit to be kept: without secrets, within the caps, well-formed. */
export interface Redactor {
  /** A text, such as an error message; one that is JSON also by the names in it. */
  text(value: string): string;
  /** A text under a name that may say what it is, such as an attribute. */
  named(name: string, value: string): string;
  /** A JSON value. `root` starts its field paths: `input` or `output`. What needs no change is answered as it is. */
  value(value: Json, root: string): CleanJson;
  /** Text of what could not be read. Named fields cannot be found in it: where there are any, only its size is kept. */
  unread(text: string): string;
  /** `unread` keeps the size alone. */
  hidesUnread: boolean;
}

/** What to redact beyond the patterns, and what never. */
export interface RedactorOptions {
  /** Secret for the hashes that stand in for values. */
  key: string;
  /** Applies patterns and key names; without, only `fields` are replaced. */
  enabled?: boolean;
  /** Field paths whose values are always replaced (`input.customer.name`, `output.lines[].note`). */
  fields?: readonly string[];
  /** Field paths that are never touched, with everything below them. */
  allow?: readonly string[];
  caps?: Caps;
}

/** A redactor that can be exchanged as a whole while it is in use. */
export function liveRedactor(current: () => Redactor): Redactor {
  return {
    text: (value) => current().text(value),
    named: (name, value) => current().named(name, value),
    value: (value, root) => current().value(value, root),
    unread: (text) => current().unread(text),
    get hidesUnread() {
      return current().hidesUnread;
    },
  };
}

/** Secrets that straddle the cut are found by looking this far beyond it. */
export const cutOverlap = 4096;
const namesMax = 20_000;
/** A longer name is looked at each time: a cache of them would grow with what is sent. */
const cachedNameMax = 200;
const shortNumber = /^\d{1,7}$/;
const phoneLike = /\d[\d ().+/-]{5,}/;

/** Creates the one part that every value passes on its way to the disk. Pure: same key, same replacement. */
export function createRedactor(options: RedactorOptions): Redactor {
  const { key, enabled = true, fields = [], allow = [], caps = defaultCaps } = options;
  const patterns = createTextRedactor(key);
  const text = createText(patterns, caps, enabled);
  const nature = createNature(text, enabled);
  const whole = (form: string, value: Json): Json => {
    if (value === null || value === "" || typeof value === "boolean") return value;
    return patterns.whole(form, typeof value === "object" ? JSON.stringify(value) : String(value));
  };
  const byName = (name: string, value: Json): Json | undefined => {
    const { form } = nature(name);
    if (form === null || (typeof value !== "string" && typeof value !== "number")) return undefined;
    const plain = String(value);
    if (form === "phone" && !phoneLike.test(plain)) return undefined;
    if (form === "secret" && countingKey.test(name) && (plain !== value || shortNumber.test(plain)))
      return undefined;
    return whole(form, value);
  };
  const isHolder = (name: string) => nature(name).form === "secret" && !countedKey.test(plainName(name));
  const rules: RedactionRules = {
    isHolder,
    caps,
    always: new Set(fields),
    never: new Set(allow),
    enabled,
    text,
    cut: createText(patterns, caps, false),
    nature,
    byName,
    whole,
  };
  const opened = (value: string) => (value === "" ? value : redactText(value, rules));
  return {
    text: opened,
    named: (name, value) => {
      const replaced = byName(name, value);
      return typeof replaced === "string" ? replaced : opened(value);
    },
    value: (value, root) => redactValue(value, root, rules),
    hidesUnread: fields.length > 0,
    unread: (unread) => (fields.length === 0 ? text(unread) : `[cut: ${unread.length} characters]`),
  };
}

function createText(patterns: TextRedactor, caps: Caps, enabled: boolean): RedactionRules["text"] {
  return (value, signs) => {
    const clean = wellFormed(value);
    if (!isOverCap(clean, caps.fieldBytesMax)) return enabled ? patterns.text(clean, signs) : clean;
    const head = clean.slice(0, caps.fieldBytesMax + cutOverlap);
    return cutText(clean, enabled ? patterns.text(head) : head, caps.fieldBytesMax);
  };
}

function createNature(text: (value: string) => string, enabled: boolean): (name: string) => NameNature {
  const natures = new Map<string, NameNature>();
  return (name) => {
    const known = natures.get(name);
    if (known !== undefined) return known;
    const plain = plainName(name);
    const form = secretKey.test(plain) ? "secret" : phoneKey.test(plain) ? "phone" : null;
    const kept = text(name);
    const nature: NameNature = { kept, json: `${JSON.stringify(kept)}:`, form: enabled ? form : null };
    if (natures.size >= namesMax) natures.clear();
    if (name.length <= cachedNameMax) natures.set(name, nature);
    return nature;
  };
}

/** A name as the lists of names spell it. A long name ends in what it is. */
function plainName(name: string): string {
  return name
    .slice(-cachedNameMax)
    .toLowerCase()
    .replace(/[\s_.-]/g, "");
}
