import type { FieldRule, Scalar } from "../model/contract.ts";
import type { Json } from "../model/json.ts";
import { type Documents, type FieldPath, fieldPath, isAbsent, valuesAt, walk } from "./contract-paths.ts";
import { isRedacted } from "./contract-rules.ts";
import { numericString } from "./field.ts";

/** Whether a field's values break a rule that also reads another field; null where it cannot be judged. */
export type RelationCheck = (values: readonly Json[], documents: Documents) => boolean | null;

/** Half a cent: sums of decimal numbers are off by less. */
const defaultTolerance = 0.005;

/** A rule that compares a field with another one. */
export interface Relation {
  name: keyof FieldRule;
  check: RelationCheck;
  /** Why it cannot be judged; "" where neither field holds anything, so that there is nothing to judge. */
  whyNot: (values: readonly Json[], documents: Documents) => string;
}

/** The rules that compare a field with another one. */
export function relations(rule: FieldRule, root: keyof Documents): Relation[] {
  const { equals, equals_sum_of: sum, not_before: date, required_if: condition } = rule;
  const found: Relation[] = [];
  const add = (
    name: keyof FieldRule,
    other: string,
    lacking: string,
    compile: (other: FieldPath) => RelationCheck,
  ) => {
    const path = fieldPath(other, root);
    const whyNot: Relation["whyNot"] = (values, documents) =>
      isAnyThere(values) || isAnyThere(valuesAt(documents, trunk(path))) ? lacking : "";
    found.push({ name, check: compile(path), whyNot });
  };
  if (condition !== undefined)
    add("required_if", condition.field, "", (other) => isMissing(other, condition.is));
  if (equals !== undefined) add("equals", equals, "nothing to compare with", differs);
  if (sum !== undefined)
    add("equals_sum_of", sum, "a number is missing", (addends) =>
      missesSum(addends, rule.tolerance ?? defaultTolerance),
    );
  if (date !== undefined) add("not_before", date, "a date is missing", isBefore);
  return found;
}

function isAnyThere(values: readonly Json[]): boolean {
  return values.some((value) => !isAbsent(value));
}

/** A path as far as its first list, the list itself and not its items. */
function trunk({ root, parts }: FieldPath): FieldPath {
  const list = parts.findIndex((part) => part.endsWith("[]"));
  return {
    root,
    parts: parts.slice(0, list + 1 || undefined).map((part, at) => (at === list ? part.slice(0, -2) : part)),
  };
}

function isMissing(other: FieldPath, is: readonly Scalar[] | undefined): RelationCheck {
  return (values, documents) => {
    const holds = valuesAt(documents, other).some((value) =>
      is === undefined ? !isAbsent(value) : is.some((one) => one === value),
    );
    return holds && values.some(isAbsent);
  };
}

function differs(other: FieldPath): RelationCheck {
  return (values, documents) => {
    const mine = values.filter((value) => !isAbsent(value));
    const theirs = valuesAt(documents, other).filter((value) => !isAbsent(value));
    if (mine.length === 0 || theirs.length === 0) return null;
    const allowed = new Set(theirs.map(plain));
    return mine.some((value) => !allowed.has(plain(value)));
  };
}

function missesSum(addends: FieldPath, tolerance: number): RelationCheck {
  return (values, documents) => {
    const [value] = values;
    const total = values.length === 1 && value !== undefined ? numberOf(value) : null;
    const sum = sumAt(documents, addends);
    // A difference of exactly the tolerance is within it, also after rounding to binary.
    return total === null || sum === null ? null : Math.abs(total - sum) > tolerance * (1 + 1e-9) + 1e-12;
  };
}

/** The sum of the numbers at a path; null where one is no number, or no list is there to be summed. */
function sumAt(documents: Documents, path: FieldPath): number | null {
  const addends = walk(documents[path.root], path.parts).map(numberOf);
  if (addends.length === 0 && !valuesAt(documents, trunk(path)).some(Array.isArray)) return null;
  let sum = 0;
  for (const addend of addends) {
    if (addend === null) return null;
    sum += addend;
  }
  return sum;
}

/** Not judged if none lies before, and one of what is there is no date. */
function isBefore(other: FieldPath): RelationCheck {
  return (values, documents) => {
    const mine = timesOf(values);
    const theirs = timesOf(valuesAt(documents, other));
    if (mine.length === 0 || theirs.length === 0) return null;
    if (Math.min(...datesOf(mine)) < Math.max(...datesOf(theirs))) return true;
    return mine.includes(null) || theirs.includes(null) ? null : false;
  };
}

function timesOf(values: readonly Json[]): (number | null)[] {
  return values.filter((value) => !isAbsent(value)).map(timeOf);
}

function datesOf(times: readonly (number | null)[]): number[] {
  return times.filter((time) => time !== null);
}

function numberOf(value: Json): number | null {
  if (typeof value === "number") return value;
  return typeof value === "string" ? numericString(value.trim()) : null;
}

/** Milliseconds of a date or time in ISO 8601; null for any other value. */
function timeOf(value: Json): number | null {
  if (typeof value !== "string" || isRedacted(value) || !/^\d{4}-\d{2}-\d{2}/.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

/** `12.50` and 12.5 are the same, and so are texts that differ in surrounding space. */
function plain(value: Json): string {
  const number = numberOf(value);
  if (number !== null) return String(number);
  return typeof value === "string" ? value.trim() : JSON.stringify(value);
}
