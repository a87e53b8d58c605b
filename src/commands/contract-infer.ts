import { formats, isRedacted } from "../collector/contract-rules.ts";
import type { FieldRule } from "../model/contract.ts";
import { isJsonObject, type Json } from "../model/json.ts";

/** What was seen of one field. */
interface Seen {
  /** Times that its parent was there. */
  expected: number;
  /** Values that are not null, not empty text. */
  present: number;
  types: Set<string>;
  isInteger: boolean;
  least: number;
  /** Texts with how often each was seen, until there are too many. */
  texts: Map<string, number> | null;
  samples: string[];
}

/** A proposed rule, with what a person should know before taking it. */
export interface Proposal {
  /** Below inputs or outputs: `vendor.name`, `lines[].amount`. */
  path: string;
  rule: FieldRule;
  /** "" where there is nothing to say. */
  remark: string;
}

/** Learns a contract from past values. */
export interface ContractLearner {
  add(value: Json): void;
  /** One rule for each field that holds something worth a rule, by path. No value that was added breaks any of them. */
  propose(): Proposal[];
}

const textsMax = 20;
const textLengthMax = 64;
const samplesMax = 500;
/** A list of allowed values is proposed where each was seen so often on average. */
const repeatsMin = 20;
const fieldsMax = 200;
const itemsMax = 100;
/** A field that is empty this rarely is probably meant to be there. */
const nearlyAlways = 0.02;

/** Creates a learner for the inputs or the outputs of one workflow. Memory does not grow with the number of values. */
export function createContractLearner(): ContractLearner {
  const fields = new Map<string, Seen>();
  const see = (path: string, value: Json, owners: number) => {
    const seen = fields.get(path) ?? (fields.size < fieldsMax ? fresh(owners) : null);
    if (seen === null) return;
    fields.set(path, seen);
    note(seen, value);
    visit(path, value);
  };
  const objects = new Map<string, number>();
  const visit = (path: string, value: Json) => {
    if (isJsonObject(value)) {
      const owners = objects.get(path) ?? 0;
      objects.set(path, owners + 1);
      for (const [name, member] of Object.entries(value)) {
        // A path cannot name it.
        if (!/[.[\]]/.test(name)) see(path === "" ? name : `${path}.${name}`, member, owners);
      }
      for (const [known, seen] of fields) if (parentOf(known) === path) seen.expected += 1;
    } else if (Array.isArray(value)) {
      for (const item of value.slice(0, itemsMax)) visit(`${path}[]`, item);
    }
  };
  return {
    add: (value) => visit("", value),
    propose: () =>
      [...fields]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([path, seen]) => {
          const proposal = proposeFor(path, seen);
          return Object.keys(proposal.rule).length === 0 && proposal.remark === "" ? [] : [proposal];
        }),
  };
}

/** @param owners objects that came before and did not have the field. */
function fresh(owners: number): Seen {
  return {
    expected: owners,
    present: 0,
    types: new Set(),
    isInteger: true,
    least: Infinity,
    texts: new Map(),
    samples: [],
  };
}

function note(seen: Seen, value: Json): void {
  if (value === null || (typeof value === "string" && value.trim() === "")) return;
  seen.present += 1;
  seen.types.add(Array.isArray(value) ? "array" : typeof value);
  if (typeof value === "number") {
    seen.isInteger &&= Number.isInteger(value);
    seen.least = Math.min(seen.least, value);
  }
  if (typeof value !== "string") return;
  if (seen.samples.length < samplesMax) seen.samples.push(value);
  if (seen.texts === null) return;
  seen.texts.set(value, (seen.texts.get(value) ?? 0) + 1);
  if (seen.texts.size > textsMax || value.length > textLengthMax || isRedacted(value)) seen.texts = null;
}

function proposeFor(path: string, seen: Seen): Proposal {
  const { expected, present, types, texts } = seen;
  const rule: FieldRule = {};
  if (present === 0) return { path, rule, remark: "always empty so far" };
  const emptyShare = Math.max(0, expected - present) / Math.max(1, expected);
  if (emptyShare === 0) rule.required = true;
  const [type] = types;
  if (types.size === 1) rule.type = typeRule(type ?? "", seen);
  if (types.size === 1 && type === "number" && seen.least >= 0) rule.minimum = 0;
  if (types.size === 1 && type === "string") {
    const format = formatOf(seen.samples);
    if (texts !== null && texts.size >= 2 && present >= repeatsMin * texts.size) {
      rule.allowed = [...texts].sort(([, a], [, b]) => b - a).map(([text]) => text);
    } else if (format !== null) rule.format = format;
  }
  const isNear = emptyShare > 0 && emptyShare <= nearlyAlways;
  const remarks = [
    ...(isNear
      ? [`empty in ${(emptyShare * 100).toFixed(1)} % of runs; add "required: true" if it never should be`]
      : []),
    ...(types.size > 1 ? [`seen as ${[...types].sort().join(" and ")}`] : []),
  ];
  return { path, rule, remark: remarks.join("; ") };
}

function typeRule(type: string, { isInteger }: Seen): NonNullable<FieldRule["type"]> {
  if (type === "number") return isInteger ? "integer" : "number";
  return type as NonNullable<FieldRule["type"]>;
}

/** The most special format that every sample has, as the collector reads it. */
function formatOf(samples: readonly string[]): FieldRule["format"] | null {
  const mostSpecialFirst = ["uuid", "date-time", "date", "email", "uri"] as const;
  // What stands in for a redacted value says what it was.
  const has = (text: string, format: (typeof mostSpecialFirst)[number]) =>
    isRedacted(text) ? text.startsWith(`[${format}:`) : formats[format](text);
  return mostSpecialFirst.find((format) => samples.every((text) => has(text, format))) ?? null;
}

function parentOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? "" : path.slice(0, dot);
}
