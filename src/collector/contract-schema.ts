import { Ajv, type ErrorObject, type FuncKeywordDefinition, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Finding } from "../model/contract.ts";
import { isJsonObject, type Json, type JsonObject } from "../model/json.ts";
import { compilePattern } from "../model/linear-pattern.ts";
import type { Documents } from "./contract-paths.ts";
import { formats, isRedacted } from "./contract-rules.ts";
import { boundWork, TooMuchWork } from "./schema-work.ts";

/** Checks one document against a JSON Schema: at most 20 findings, without `review`; null where it cannot be judged. */
export type SchemaCheck = (document: Json) => Finding[] | null;

/** What became of compiling a JSON Schema. */
export type CompiledSchema = { kind: "compiled"; check: SchemaCheck } | { kind: "refused"; why: string };

const findingsMax = 20;
const pathLengthMax = 500;

/**
 * Compiles a JSON Schema of draft 07, 2019-09 or 2020-12 (also where `$schema` is missing). References beyond the
 * schema itself are refused; unknown keywords and formats are ignored.
 *
 * @param root Where the field paths of its findings begin.
 */
export function compileSchema(schema: JsonObject, root: keyof Documents): CompiledSchema {
  const draft = typeof schema.$schema === "string" ? schema.$schema : "2020-12";
  const options = {
    strict: false,
    allErrors: true,
    verbose: true,
    logger: false,
    formats,
    code: { regExp: linearRegExp },
  } as const;
  const ajv = draft.includes("draft-07")
    ? new Ajv(options)
    : draft.includes("2019-09")
      ? new Ajv2019(options)
      : draft.includes("2020-12")
        ? new Ajv2020(options)
        : null;
  if (ajv === null)
    return { kind: "refused", why: "must be a JSON Schema of draft 07, 2019-09 or 2020-12 by its '$schema'" };
  // Ajv's own keyword: it would answer a promise, which nobody awaits.
  if (schema.$async === true) return { kind: "refused", why: "must be a JSON Schema without '$async'" };
  ajv.removeKeyword("uniqueItems").addKeyword(uniqueItems);
  const begin = boundWork(ajv);
  try {
    const check = createCheck(ajv.compile(schema), begin, root);
    if (check({}) === null)
      return { kind: "refused", why: "must be a JSON Schema that does not lead back to itself without end" };
    return { kind: "compiled", check };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "it cannot be compiled";
    return { kind: "refused", why: `must be a JSON Schema: ${reason.slice(0, 300)}` };
  }
}

/** Stands in for the engine's regular expressions. A text for which one would take too long does not match it. */
const linearRegExp = Object.assign(
  (source: string, flags: string) => {
    const outcome = compilePattern(source, flags);
    if (outcome.kind === "refused") throw new Error(`the pattern '${source}' must be ${outcome.why}`);
    return {
      test: (text: string) => outcome.pattern.test(text) ?? false,
      // Ajv knows patterns apart by this.
      toString: () => `/${source}/${flags}`,
    };
  },
  { code: "linearRegExp" },
);

/** Ajv's own compares each item with each other one: 20,000 objects take it 13 seconds. */
const uniqueItems: FuncKeywordDefinition = {
  keyword: "uniqueItems",
  type: "array",
  schemaType: "boolean",
  validate: (mustBe: boolean, items: Json[]) => !mustBe || new Set(items.map(inOrder)).size === items.length,
};

/** The same text for equal values, in whatever order their members are. */
function inOrder(value: Json): string {
  return JSON.stringify(value, (_, inner: Json) =>
    isJsonObject(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function createCheck(validate: ValidateFunction, begin: () => void, root: keyof Documents): SchemaCheck {
  return (document) => {
    begin();
    try {
      if (validate(document)) return [];
    } catch (error) {
      // A schema that refers to itself follows the document down as far as there is a stack.
      if (error instanceof RangeError || error instanceof TooMuchWork) return null;
      throw error;
    }
    const findings = new Map<string, Finding>();
    for (const error of validate.errors ?? []) {
      // A value that was redacted broke nothing that anyone could still see.
      if (isRedacted(error.data) && error.keyword !== "type") continue;
      if (findings.size >= findingsMax) break;
      const finding = { field: fieldOf(error, root), rule: error.keyword };
      findings.set(`${finding.field} ${finding.rule}`, finding);
    }
    return [...findings.values()];
  };
}

/** The field of an error as signals name it: items of a list are `[]`. */
function fieldOf({ instancePath, keyword, params }: ErrorObject, root: keyof Documents): string {
  let field: string = root;
  for (const part of instancePath.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    field += /^\d+$/.test(name) ? "[]" : `.${name}`;
  }
  const missing: unknown = keyword === "required" ? params.missingProperty : undefined;
  return (typeof missing === "string" ? `${field}.${missing}` : field).slice(0, pathLengthMax);
}
