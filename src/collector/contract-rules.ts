import type { FieldRule } from "../model/contract.ts";
import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import { compilePattern } from "../model/linear-pattern.ts";

/** Whether one value that is there breaks a rule; null where the rule cannot be judged. */
export type ValueCheck = (value: Json) => boolean | null;

/** The allowed values of a catalogue as text; null while they are not known. */
export type CatalogueValues = (name: string) => ReadonlySet<string> | null;

/** What stands in for a value that was redacted: it was something, and nobody knows what. */
const redacted = /^\[[a-z_]+:[0-9a-f]{8}\]$/;

/** Tells whether a value was taken out by redaction. */
export function isRedacted(value: unknown): boolean {
  return typeof value === "string" && redacted.test(value);
}

/** The rules that look at one value alone, by name. Patterns are compiled once. */
export function valueChecks(rule: FieldRule, catalogue: CatalogueValues): [keyof FieldRule, ValueCheck][] {
  const { type, allowed, minimum, maximum, pattern, format, allowed_from: from } = rule;
  const checks: [keyof FieldRule, ValueCheck][] = [];
  if (type !== undefined) checks.push(["type", (value) => !hasType(type, value)]);
  if (allowed !== undefined)
    checks.push(["allowed", (value) => !isRedacted(value) && !allowed.some((one) => one === value)]);
  if (from !== undefined) checks.push(["allowed_from", (value) => isOutside(value, catalogue(from))]);
  if (minimum !== undefined)
    checks.push(["minimum", (value) => typeof value === "number" && value < minimum]);
  if (maximum !== undefined)
    checks.push(["maximum", (value) => typeof value === "number" && value > maximum]);
  if (pattern !== undefined) checks.push(["pattern", breaksPattern(pattern)]);
  if (format !== undefined)
    checks.push([
      "format",
      (value) => typeof value === "string" && !isRedacted(value) && !formats[format](value),
    ]);
  return checks;
}

function isOutside(value: Json, values: ReadonlySet<string> | null): boolean | null {
  if (values === null || isRedacted(value)) return null;
  return typeof value === "object" || !values.has(String(value));
}

function breaksPattern(pattern: string): ValueCheck {
  const outcome = compilePattern(pattern, "", "whole");
  // The configuration refused it already.
  if (outcome.kind === "refused") throw new Error(`Cannot compile a pattern: it must be ${outcome.why}`);
  const whole = outcome.pattern;
  return (value) => {
    if (typeof value !== "string" || isRedacted(value)) return false;
    const matches = whole.test(value);
    return matches === null ? null : !matches;
  };
}

function hasType(type: NonNullable<FieldRule["type"]>, value: Json): boolean {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isJsonObject(value);
  return typeof value === type;
}

/** Well-known forms of a text. A JSON Schema's `format` means the same. */
export const formats: Record<NonNullable<FieldRule["format"]>, (text: string) => boolean> = {
  email: isEmail,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDate(text),
  "date-time": (text) => /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
};

/** A name, one `@` and a domain with a dot inside. In two looks: one pattern tries each dot of a long text to its end. */
function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text) && text.slice(text.indexOf("@") + 2, -1).includes(".");
}

function isRealDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
