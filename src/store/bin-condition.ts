import { duplicateWindowMs, parentFields } from "../model/signal.ts";
import type { Params } from "./engine.ts";
import { fieldEquals, fieldSql } from "./field-path.ts";
import type { ExampleQuery } from "./port.ts";

/** Which bin of which signal; `confidenceBelow` as the owner set it, for a confidence that is low. */
type BinQuery = Pick<ExampleQuery, "signal" | "bin" | "confidenceBelow">;

/**
 * What is true of a run (named `t`) that was counted in a bin of a signal, as far as the store can tell; where it cannot, no
 * run shows it.
 *
 * @param scan The statement of the runs that are looked at.
 */
export function binCondition(query: BinQuery, scan: string, params: Params): string {
  const { signal, bin } = query;
  const { kind, field } = signal;
  if (kind === "canary_delta" || kind === "shadow_disagreement") return apartCondition(kind, field, bin);
  const hasField = field === "" ? "1" : "has(t.fields, {field:String})";
  if (bin === "") return kind === "outcome" ? "1" : hasField;
  if (kind === "outcome") return outcomeCondition(bin, params);
  if (kind === "low_confidence") return confidenceCondition(query, params);
  // Which words mean a failure is the collector's to know, and what is held is in the journal.
  if (kind === "failure_tokens" || kind.startsWith("approval_")) return "0";
  if (bin === "no") return `NOT (${binCondition({ ...query, bin: "yes" }, scan, params)})`;
  switch (kind) {
    case "null_rate":
      return nullCondition(field, bin, hasField, params);
    case "type":
      return typeCondition(field, bin, params);
    case "input_distribution":
    case "output_distribution":
      return valueCondition(field, bin, hasField, params);
    case "model":
      params.bin = bin.slice(1);
      return "t.model_resolved = {bin:String}";
    case "text_length":
      return numberCondition(
        field,
        bin,
        (doc, path) => `lengthUTF8(JSONExtractString(${doc}${path}))`,
        params,
      );
    case "contract":
      return findingCondition(field, params);
    case "allowed_values":
      return `arrayExists(f -> JSONExtractString(f, 'field') = {field:String}
        AND JSONExtractString(f, 'rule') IN ('allowed', 'allowed_from'), JSONExtractArrayRaw(t.findings))`;
    case "latency":
      return binEquals("toFloat64(t.ended_at - t.started_at) * 1000", bin, params);
    case "tokens":
      return binEquals("toFloat64(ifNull(t.input_tokens, 0)) + ifNull(t.output_tokens, 0)", bin, params);
    case "cost":
      return binEquals("ifNull(t.cost_usd, 0)", bin, params);
    case "errors":
      return "t.status = 'error'";
    case "retries":
      return "t.retries > 0";
    case "step_errors":
      return "t.run_id IN (SELECT run_id FROM steps WHERE workflow = {workflow:String} AND status = 'error')";
    case "override_rate":
      return `t.run_id IN (SELECT run_id FROM reviews
        WHERE workflow = {workflow:String} AND verdict IN ('edited', 'rejected'))`;
    case "unusable_rate":
      return "t.run_id IN (SELECT run_id FROM reviews WHERE workflow = {workflow:String} AND verdict = 'rejected')";
    case "duplicates":
      return `t.run_id IN (${repeatedRuns(scan)})`;
    default:
      return "1";
  }
}

/** Runs whose inputs came before, within the time in which the collector calls them repeated. */
function repeatedRuns(scan: string): string {
  return `SELECT run_id FROM (
    SELECT run_id, received_at, lagInFrame(received_at) OVER (PARTITION BY sipHash128(inputs) ORDER BY received_at, run_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS beforeAt
    FROM (${scan}) WHERE inputs NOT IN ('null', '{}')
  ) WHERE dateDiff('millisecond', beforeAt, received_at) <= ${duplicateWindowMs}`;
}

function confidenceCondition({ bin, confidenceBelow: bar = null }: BinQuery, params: Params): string {
  if (bar === null) return "0";
  params.confidenceBelow = bar;
  return `ifNull(t.confidence ${bin === "no" ? ">=" : "<"} {confidenceBelow:Float64}, 0)`;
}

/** As the collector counts an outcome: a boolean, also in words, or a number. */
function outcomeCondition(bin: string, params: Params): string {
  const isIt = bin.startsWith("#")
    ? `match(o.value, '^-?[0-9]') AND ${binEquals("toFloat64OrZero(o.value)", bin, params)}`
    : `lower(trim(BOTH '"' FROM o.value)) IN (${bin === "no" ? "'false', 'no'" : "'true', 'yes'"})`;
  return `t.run_id IN (SELECT o.run_id FROM outcomes AS o
    WHERE o.workflow = {workflow:String} AND o.name = {field:String} AND ${isIt})`;
}

/**
 * Runs apart from the live ones; their fields are not kept with them. Of the canary any run; of shadow mode those on which
 * a person decided otherwise (`yes`) or the same (`no`).
 */
function apartCondition(kind: "canary_delta" | "shadow_disagreement", field: string, bin: string): string {
  if (kind === "canary_delta") return "t.mode = 'canary'";
  if (bin === "") return "t.mode = 'shadow'";
  const differs = field === "" ? "notEmpty(differing)" : "has(differing, {field:String})";
  const isMeant = bin === "yes" ? differs : `NOT ${differs}`;
  return `t.run_id IN (SELECT run_id FROM decisions WHERE workflow = {workflow:String} AND ${isMeant})`;
}

function nullCondition(field: string, bin: string, hasField: string, params: Params): string {
  const isNull = "has(t.null_fields, {field:String})";
  if (bin === "value") return `${hasField} AND NOT ${isNull}`;
  if (bin !== "missing") return isNull;
  params.parents = parentFields(field);
  return "hasAny(t.fields, {parents:Array(String)}) AND NOT has(t.fields, {field:String})";
}

/** A signal is called `output.vendor (required)`; a JSON Schema, `output (schema)`, has findings in many fields. */
function findingCondition(signal: string, params: Params): string {
  const [, field = "", rule = ""] = /^(.*) \((\w+)\)$/.exec(signal) ?? [];
  params.field = field;
  if (rule !== "schema") params.rule = rule;
  const isIt =
    rule === "schema"
      ? `(JSONExtractString(f, 'field') = {field:String} OR startsWith(JSONExtractString(f, 'field'), concat({field:String}, '.'))
          OR startsWith(JSONExtractString(f, 'field'), concat({field:String}, '[]')))`
      : "JSONExtractString(f, 'field') = {field:String} AND JSONExtractString(f, 'rule') = {rule:String}";
  return `arrayExists(f -> ${isIt}, JSONExtractArrayRaw(t.findings))`;
}

const jsonTypes: Record<string, string> = {
  string: "('String')",
  number: "('Int64', 'UInt64', 'Double')",
  boolean: "('Bool')",
  object: "('Object')",
  array: "('Array')",
  null: "('Null')",
};

function typeCondition(field: string, bin: string, params: Params): string {
  const types = jsonTypes[bin];
  if (types === undefined) return "0";
  return fieldSql(field, params)?.some((doc, path) => `toString(JSONType(${doc}${path})) IN ${types}`) ?? "0";
}

function valueCondition(field: string, bin: string, hasField: string, params: Params): string {
  if (bin.startsWith("=")) return fieldEquals(field, bin.slice(1), params);
  if (bin.startsWith("#")) {
    return numberCondition(field, bin, (doc, path) => `JSONExtractFloat(${doc}${path})`, params);
  }
  if (bin === "empty") return "has(t.null_fields, {field:String})";
  return hasField;
}

function numberCondition(
  field: string,
  bin: string,
  number: (document: string, path: string) => string,
  params: Params,
): string {
  return fieldSql(field, params)?.some((doc, path) => binEquals(number(doc, path), bin, params)) ?? "0";
}

/** `numberBin` of `model/signal.ts` in SQL: the top 19 bits of the number's IEEE 754 form. */
function binEquals(number: string, bin: string, params: Params): string {
  params.bin = Number(bin.slice(1)) || 0;
  return `bitShiftRight(reinterpretAsUInt64(toFloat64(${number})), 45) = {bin:UInt64}`;
}
