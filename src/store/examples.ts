import type { RunRow } from "../model/rows.ts";
import { parentFields, type SignalKey } from "../model/signal.ts";
import { rowColumns } from "./columns.ts";
import type { Engine, Params } from "./engine.ts";
import { fieldEquals, fieldSql } from "./field-path.ts";
import type { ExampleQuery, SliceCount, Span } from "./port.ts";

/** Runs of a span that are looked at, newest first, before a search for examples or slices stops. */
const scanRunsMax = 50_000;

/** Values an attribute may have before it says nothing about a slice (ids, timestamps). */
const sliceValuesMax = 50;

/** Runs that show a signal's bin, newest first. */
export async function exampleRuns(engine: Engine, query: ExampleQuery): Promise<RunRow[]> {
  const params = spanParams(query);
  const condition = conditionOf(query, params);
  return engine.select<RunRow>(
    "evidence",
    `SELECT ${rowColumns("runs")} FROM runs AS t
    WHERE (t.workflow, t.received_at, t.run_id) IN (
      SELECT t.workflow, t.received_at, t.run_id FROM (${scan}) AS t WHERE ${condition}
      ORDER BY t.received_at DESC, t.run_id LIMIT {limit:UInt32}
    )
    ORDER BY t.received_at DESC, t.run_id LIMIT {limit:UInt32}`,
    { ...params, limit: query.limit },
  );
}

/** Runs with and without the bin, by the value of every attribute with few values. */
export async function sliceCounts(engine: Engine, query: Omit<ExampleQuery, "limit">): Promise<SliceCount[]> {
  const params = spanParams(query);
  const condition = conditionOf(query, params);
  return engine.select<SliceCount>(
    "evidence",
    `SELECT attribute, value, runs, hits FROM (
      SELECT pair.1 AS attribute, pair.2 AS value, toFloat64(count()) AS runs, toFloat64(sum(hit)) AS hits,
        count() OVER (PARTITION BY attribute) AS valuesOfAttribute
      FROM (
        SELECT toBool(${condition}) AS hit, arrayJoin(arrayConcat(
          [('version', toString(t.version)), ('model', toString(t.model)), ('source', toString(t.source))],
          arrayMap((k, v) -> (concat('attributes.', toString(k)), v), mapKeys(t.attributes), mapValues(t.attributes))
        )) AS pair
        FROM (${scan}) AS t
      )
      GROUP BY attribute, value
    )
    WHERE valuesOfAttribute <= ${sliceValuesMax}
    ORDER BY attribute, runs DESC, value`,
    params,
  );
}

const scan = `SELECT * FROM runs AS r
  WHERE r.workflow = {workflow:String}
    AND r.received_at >= fromUnixTimestamp64Milli({fromMs:Int64})
    AND r.received_at < fromUnixTimestamp64Milli({toMs:Int64})
  ORDER BY r.received_at DESC LIMIT ${scanRunsMax}`;

function spanParams({ signal, fromMs, toMs }: Span & { signal: SignalKey }): Params {
  return { workflow: signal.workflow, fromMs, toMs };
}

/** The condition with the field's name among the parameters, where it asks for it. */
function conditionOf({ signal, bin }: Pick<ExampleQuery, "signal" | "bin">, params: Params): string {
  const condition = binCondition(signal, bin, params);
  if (condition.includes("{field:String}")) params.field ??= signal.field;
  return condition;
}

/** What is true of a run (named `t`) that was counted in a bin of a signal, as far as the run itself can tell. */
function binCondition({ kind, field }: SignalKey, bin: string, params: Params): string {
  if (kind === "canary_delta" || kind === "shadow_disagreement") return apartCondition(kind, field, bin);
  const hasField = field === "" ? "1" : "has(t.fields, {field:String})";
  if (bin === "") return hasField;
  if (bin === "no") return `NOT (${binCondition({ workflow: "", kind, field }, "yes", params)})`;
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
    case "failure_tokens":
      return "t.status = 'error'";
    case "retries":
      return "t.retries > 0";
    case "low_confidence":
      return "t.confidence IS NOT NULL";
    case "step_errors":
      return "t.run_id IN (SELECT run_id FROM steps WHERE workflow = {workflow:String} AND status = 'error')";
    case "override_rate":
      return `t.run_id IN (SELECT run_id FROM reviews
        WHERE workflow = {workflow:String} AND verdict IN ('edited', 'rejected'))`;
    case "unusable_rate":
      return "t.run_id IN (SELECT run_id FROM reviews WHERE workflow = {workflow:String} AND verdict = 'rejected')";
    case "outcome":
      return "t.run_id IN (SELECT run_id FROM outcomes WHERE workflow = {workflow:String} AND name = {field:String})";
    case "approval_rate":
    case "approval_timeouts":
    case "approval_wait":
      // What is held is in the journal: no run shows it.
      return "0";
    case "volume":
    case "duplicates":
      return "1";
  }
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
