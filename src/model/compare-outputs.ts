import { isJsonObject, type Json } from "./json.ts";

/** How one field of two outputs is compared. */
export interface CompareRule {
  /**
   * `exact`: the same JSON value; `number`: numbers, also written as text, at most `tolerance` apart; `text`: the same
   * but for case, spaces and punctuation at the ends; `ignore`: not compared, with all that is below it.
   */
  by: "exact" | "number" | "text" | "ignore";
  /** In the unit of the number. */
  tolerance: number;
}

/** Rules by field path below the output (`total`, `lines[].amount`). A field without one is compared exactly. */
export type CompareRules = Readonly<Record<string, CompareRule>>;

/** Fields past this number are not compared. */
const fieldsMax = 100;

/**
 * Compares an output with the one that was expected, field by field.
 *
 * A member that is missing counts as null. Lists are compared item by item, and their items share one field
 * (`output.lines[].amount`); lists of different length differ as a whole.
 *
 * @param isPartial the expected output names only some fields, and only those are compared.
 * @returns whether it differs, by full field path (`output.total`); `output` alone where neither is an object.
 */
export function compareOutputs(
  expected: Json,
  actual: Json,
  { rules, isPartial }: { rules: CompareRules; isPartial: boolean },
): Map<string, boolean> {
  const fields = new Map<string, boolean>();
  const note = (path: string, differs: boolean) => {
    if (fields.has(path) || fields.size < fieldsMax) fields.set(path, differs || fields.get(path) === true);
  };
  const visit = (wanted: Json, given: Json, path: string): void => {
    const rule = Object.hasOwn(rules, path) ? rules[path] : undefined;
    if (rule?.by === "ignore") return;
    const full = path === "" ? "output" : `output.${path}`;
    if (isJsonObject(wanted) && (isJsonObject(given) || given === null)) {
      const names = isPartial || given === null ? Object.keys(wanted) : namesOf(wanted, given);
      for (const name of names) {
        visit(member(wanted, name), member(given, name), path === "" ? name : `${path}.${name}`);
      }
    } else if (Array.isArray(wanted) && Array.isArray(given)) {
      note(full, wanted.length !== given.length);
      if (wanted.length === given.length)
        wanted.forEach((item, index) => visit(item, given[index] ?? null, `${path}[]`));
    } else note(full, !isSame(wanted, given, rule));
  };
  visit(expected, actual, "");
  return fields;
}

function namesOf(a: { [name: string]: Json }, b: { [name: string]: Json }): Set<string> {
  return new Set([...Object.keys(a), ...Object.keys(b)]);
}

function member(value: Json, name: string): Json {
  return isJsonObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null;
}

function isSame(a: Json, b: Json, rule: CompareRule | undefined): boolean {
  if (rule?.by === "number") {
    const [x, y] = [toNumber(a), toNumber(b)];
    // The allowance is for what decimal fractions lose in binary: 0.3 - 0.2 is a little less than 0.1.
    if (x !== null && y !== null) return Math.abs(x - y) <= rule.tolerance + 1e-9 * Math.max(1, Math.abs(x));
  }
  if (rule?.by === "text" && typeof a === "string" && typeof b === "string") return plain(a) === plain(b);
  return JSON.stringify(a) === JSON.stringify(b);
}

function toNumber(value: Json): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value.replaceAll(",", ""));
  return Number.isFinite(number) ? number : null;
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\s+/gu, " ")
    .replace(/^[\s\p{P}]+|[\s\p{P}]+$/gu, "");
}
