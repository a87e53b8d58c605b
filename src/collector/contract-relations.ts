import type { FieldRule, Scalar } from "../model/contract.ts";
import type { Json } from "../model/json.ts";
import { type Documents, type FieldPath, fieldPath, isAbsent, valuesAt, walk } from "./contract-paths.ts";
import { isRedacted } from "./contract-rules.ts";
import { numericString } from "./field.ts";

/** Whether a field's values break a rule that also reads another field; null where it cannot be judged. */
export type RelationCheck = (values: readonly Json[], documents: Documents) => boolean | null;

/** Half a cent: sums of decimal numbers are off by less. */
const defaultTolerance = 0.005;

/** The rules that compare a field with another one, by name. */
export function relationChecks(rule: FieldRule, root: keyof Documents): [keyof FieldRule, RelationCheck][] {
  const { equals, equals_sum_of: sum, not_before: date, required_if: condition } = rule;
  const checks: [keyof FieldRule, RelationCheck][] = [];
  if (condition !== undefined)
    checks.push(["required_if", isMissing(fieldPath(condition.field, root), condition.is)]);
  if (equals !== undefined) checks.push(["equals", differs(fieldPath(equals, root))]);
  if (sum !== undefined)
    checks.push(["equals_sum_of", missesSum(fieldPath(sum, root), rule.tolerance ?? defaultTolerance)]);
  if (date !== undefined) checks.push(["not_before", isBefore(fieldPath(date, root))]);
  return checks;
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
function sumAt(documents: Documents, { root, parts }: FieldPath): number | null {
  const addends = walk(documents[root], parts).map(numberOf);
  const list = parts.findIndex((part) => part.endsWith("[]"));
  const held = parts.slice(0, list + 1).map((part, at) => (at === list ? part.slice(0, -2) : part));
  if (addends.length === 0 && !walk(documents[root], held).some(Array.isArray)) return null;
  let sum = 0;
  for (const addend of addends) {
    if (addend === null) return null;
    sum += addend;
  }
  return sum;
}

function isBefore(other: FieldPath): RelationCheck {
  return (values, documents) => {
    const mine = values.map(timeOf).filter((time) => time !== null);
    const theirs = valuesAt(documents, other)
      .map(timeOf)
      .filter((time) => time !== null);
    if (mine.length === 0 || theirs.length === 0) return null;
    return Math.min(...mine) < Math.max(...theirs);
  };
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
