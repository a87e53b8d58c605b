import type { Json } from "../model/json.ts";
import { isJsonObject } from "../model/json.ts";
import { numberBin } from "../model/signal.ts";
import type { Field } from "./field.ts";
import { numericString, typeOf } from "./field.ts";
import type { WorkflowFields } from "./field-catalogue.ts";
import type { Words } from "./settings.ts";
import type { Scope } from "./tally.ts";

/** What a value amounts to: something, or one of the three ways of being nothing. */
export type ValueClass = "value" | "null" | "empty" | "placeholder";

/** The words as they are matched. */
export interface WordLists {
  /** Lower case, trimmed. */
  null: ReadonlySet<string>;
  failure: RegExp;
}

/** The fields that one run showed, and those that held nothing. */
export interface SeenFields {
  seen: Set<string>;
  empty: Set<string>;
}

const itemsMax = 100;
const failureTextMax = 8192;
const builtInFailures = [
  String.raw`as an ai\b`,
  String.raw`\bi(?: can ?not|(?:'|’)m sorry, but| am unable to)\b`,
  String.raw`\bundefined\b`,
  String.raw`\{\{\s*[\w.$ ]{1,64}\s*\}\}`,
  String.raw`\[object \w+\]`,
];

/** Prepares the word lists for matching. */
export function createWordLists(words: Words): WordLists {
  const own = words.failure.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return {
    null: new Set(words.null.map((word) => word.trim().toLowerCase())),
    failure: new RegExp([...builtInFailures, ...own].join("|"), "i"),
  };
}

/** Tells which kind of nothing a value is, if any. */
function valueClass(value: Json, nullWords: ReadonlySet<string>): ValueClass {
  if (value === null) return "null";
  if (typeof value === "string") {
    const text = value.length > 64 ? value : value.trim();
    if (text === "" || (value.length > 64 && value.trim() === "")) return "empty";
    return text.length <= 32 && nullWords.has(text.toLowerCase()) ? "placeholder" : "value";
  }
  if (typeof value !== "object") return "value";
  const isEmpty = Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
  return isEmpty ? "empty" : "value";
}

/** Counts one run's inputs or outputs, field by field. */
export class ValueObserver {
  private readonly distribution: "input_distribution" | "output_distribution";

  constructor(
    private readonly root: "input" | "output",
    private readonly fields: WorkflowFields,
    private readonly words: WordLists,
    private readonly scope: Scope,
    private readonly found: SeenFields,
  ) {
    this.distribution = `${root}_distribution`;
  }

  observe(value: Json) {
    this.visit(value, this.fields.root(this.root), false);
  }

  /** Items of a list get no null rate: an empty list would make them missing. */
  private visit(value: Json, field: Field, isItem: boolean) {
    const { path } = field;
    const nature = valueClass(value, this.words.null);
    this.found.seen.add(path);
    this.scope.count("type", path, typeOf(value));
    if (!isItem) this.scope.count("null_rate", path, nature);
    if (nature !== "value") {
      this.found.empty.add(path);
      if (field.kind === "category" || field.kind === "number")
        this.scope.count(this.distribution, path, "empty");
    }
    if (typeof value === "string") this.visitString(value, field, nature);
    else if (typeof value === "number") this.visitNumber(value, field);
    else if (typeof value === "boolean") this.scope.count(this.distribution, path, `=${value}`);
    else if (Array.isArray(value)) this.visitItems(value, field);
    else if (isJsonObject(value)) this.visitMembers(value, field);
  }

  private visitMembers(value: { [name: string]: Json }, field: Field) {
    for (const name in value) {
      const member = field.member(name, this.fields.create);
      if (member !== null) this.visit(value[name] ?? null, member, false);
    }
  }

  private visitItems(value: Json[], field: Field) {
    if (value.length === 0) return;
    const items = field.items(this.fields.create);
    if (items === null) return;
    for (const item of value.slice(0, itemsMax)) this.visit(item, items, true);
  }

  private visitNumber(value: number, field: Field) {
    const bin = numberBin(value);
    if (bin === null) return;
    if (field.learnNumber(value)) this.scope.count(this.distribution, field.path, bin);
  }

  private visitString(value: string, field: Field, nature: ValueClass) {
    if (this.root === "output") {
      const fails = this.words.failure.test(
        value.length > failureTextMax ? value.slice(0, failureTextMax) : value,
      );
      this.scope.count("failure_tokens", field.path, fails ? "yes" : "no");
    }
    if (nature !== "value") return;
    const number = field.kind === "text" ? null : numericString(value);
    if (number !== null) {
      this.visitNumber(number, field);
      return;
    }
    const bin = field.learnString(value);
    if (bin !== null) this.scope.count(this.distribution, field.path, bin);
    else this.scope.count("text_length", field.path, numberBin(value.length) ?? "#0");
  }
}
