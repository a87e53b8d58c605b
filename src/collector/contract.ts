import type { Contract, FieldRule, Finding } from "../model/contract.ts";
import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";

/** What a contract says of one run. */
export interface ContractResult {
  findings: Finding[];
  /** Every field with a rule: whether it broke any. */
  fields: { field: string; isBroken: boolean }[];
  /** Every field with a list of allowed values: whether a value was outside. */
  allowed: { field: string; isBroken: boolean }[];
}

/** Checks a run's inputs and outputs against the contract of its workflow. */
export type ContractCheck = (contract: Contract, inputs: Json, outputs: Json) => ContractResult;

type Compile = (pattern: string) => RegExp;

const itemsMax = 100;

/** Creates a contract check. It compiles each pattern once, and its results carry no value, only names. */
export function createContractCheck(): ContractCheck {
  const patterns = new Map<string, RegExp>();
  // Patterns come from the configuration, so there are few.
  const compile: Compile = (pattern) => {
    const known = patterns.get(pattern);
    if (known !== undefined) return known;
    const compiled = new RegExp(`^(?:${pattern})$`);
    patterns.set(pattern, compiled);
    return compiled;
  };
  return (contract, inputs, outputs) => {
    const result: ContractResult = { findings: [], fields: [], allowed: [] };
    if (contract.inputs !== undefined) checkRules(contract.inputs, "input", inputs, compile, result);
    if (contract.outputs !== undefined) checkRules(contract.outputs, "output", outputs, compile, result);
    return result;
  };
}

function checkRules(
  rules: Record<string, FieldRule>,
  root: string,
  value: Json,
  compile: Compile,
  result: ContractResult,
) {
  for (const [path, rule] of Object.entries(rules)) {
    const field = `${root}.${path}`;
    const values = valuesAt(value, path.split("."));
    const broken = new Set<keyof FieldRule>();
    if (rule.required === true && values.some(isAbsent)) broken.add("required");
    for (const found of values) if (!isAbsent(found)) breaches(rule, found, compile, broken);
    for (const name of broken) result.findings.push({ field, rule: name });
    result.fields.push({ field, isBroken: broken.size > 0 });
    if (rule.allowed !== undefined) result.allowed.push({ field, isBroken: broken.has("allowed") });
  }
}

/** Every value at a path; `lines[]` goes through the items of a list. A missing member counts as null. */
function valuesAt(value: Json, path: string[]): Json[] {
  let found: Json[] = [value];
  for (const part of path) {
    const isList = part.endsWith("[]");
    const name = isList ? part.slice(0, -2) : part;
    const members = found.map((parent) => (isJsonObject(parent) ? (parent[name] ?? null) : null));
    found = isList
      ? members.flatMap((list) => (Array.isArray(list) ? list.slice(0, itemsMax) : []))
      : members;
  }
  return found;
}

function isAbsent(value: Json): boolean {
  return value === null || (typeof value === "string" && value.trim() === "");
}

function breaches(rule: FieldRule, value: Json, compile: Compile, broken: Set<keyof FieldRule>) {
  if (rule.type !== undefined && !hasType(rule.type, value)) broken.add("type");
  if (rule.allowed !== undefined && !rule.allowed.some((allowed) => allowed === value)) broken.add("allowed");
  if (rule.minimum !== undefined && typeof value === "number" && value < rule.minimum) broken.add("minimum");
  if (rule.maximum !== undefined && typeof value === "number" && value > rule.maximum) broken.add("maximum");
  if (typeof value !== "string") return;
  if (rule.pattern !== undefined && !compile(rule.pattern).test(value)) broken.add("pattern");
  if (rule.format !== undefined && !formats[rule.format](value)) broken.add("format");
}

function hasType(type: NonNullable<FieldRule["type"]>, value: Json): boolean {
  if (type === "integer") return typeof value === "number" && Number.isInteger(value);
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isJsonObject(value);
  return typeof value === type;
}

const formats: Record<NonNullable<FieldRule["format"]>, (text: string) => boolean> = {
  // A redacted address was one.
  email: (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) || /^\[email:[0-9a-f]{8}\]$/.test(text),
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && isRealDate(text),
  "date-time": (text) => /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) && !Number.isNaN(Date.parse(text)),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
};

function isRealDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
