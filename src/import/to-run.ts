import { readVerdict } from "../collector/labels.ts";
import { parseContent, tryParseJson } from "../collector/parse-json.ts";
import { isJsonObject, type Json, type JsonObject } from "../model/json.ts";
import {
  type CellType,
  type ColumnMap,
  type Fields,
  plainMembers,
  reviewMembers,
  type Source,
} from "./column-map.ts";

/** A record as `POST /v1/runs` takes it, or why it cannot be one. */
export type ToRun = (columns: JsonObject) => JsonObject;

/** A record that cannot be a run; the message names member and rule, never the value. */
export class RecordFault extends Error {
  override readonly name = "RecordFault";
}

const numbers = new Set([
  "confidence",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "retries",
  "duration_ms",
]);
const okWords = new Set([
  "ok",
  "success",
  "succeeded",
  "successful",
  "completed",
  "complete",
  "done",
  "finished",
]);
const errorWords = new Set(["error", "errored", "failed", "failure", "fail", "exception", "crashed"]);

/**
 * Prepares a map for the records of one file.
 *
 * @param types what the columns hold, where the file itself cannot say (CSV); null where it can (JSONL).
 */
export function createToRun(map: ColumnMap, types: ReadonlyMap<string, CellType> | null): ToRun {
  const read = (columns: JsonObject, from: Source): Json => {
    if (typeof from !== "string" && "value" in from) return from.value;
    const [column, asked] = typeof from === "string" ? [from, undefined] : [from.column, from.type];
    return typed(valueAt(columns, column) ?? null, asked ?? types?.get(column));
  };
  const whole = (columns: JsonObject, from: Fields): Json => {
    if (typeof from !== "string") return members(columns, from);
    const value = valueAt(columns, from) ?? null;
    return types !== null && typeof value === "string" ? parseContent(value) : value;
  };
  const members = (columns: JsonObject, from: Exclude<Fields, string>): JsonObject => {
    const pairs = Array.isArray(from)
      ? from.map((column) => [column, column] as const)
      : Object.entries(from);
    const target = emptyObject();
    for (const [path, one] of pairs) setAt(target, path.split("."), read(columns, one));
    return target;
  };
  const plain = (columns: JsonObject, from: Partial<Record<string, Source>>, names: readonly string[]) => {
    const target: JsonObject = {};
    for (const name of names) {
      const one = from[name];
      const value = one === undefined ? null : member(name, read(columns, one));
      if (value !== null && value !== "") target[name] = value;
    }
    return target;
  };
  return (columns) => {
    const run = plain(columns, map as Partial<Record<string, Source>>, plainMembers);
    if (run.status !== undefined) run.status = readStatus(run.status);
    if (map.inputs !== undefined) run.inputs = whole(columns, map.inputs);
    if (map.outputs !== undefined) run.outputs = whole(columns, map.outputs);
    if (map.attributes !== undefined) run.attributes = readAttributes(whole(columns, map.attributes));
    if (map.review !== undefined) {
      const review = plain(columns, map.review as Partial<Record<string, Source>>, reviewMembers);
      const verdict = readVerdictOf(review.verdict);
      const output = map.review.output === undefined ? null : whole(columns, map.review.output);
      if (verdict !== null) run.reviews = [{ ...review, verdict, output: isBlank(output) ? null : output }];
    }
    const outcomes = Object.entries(map.outcomes ?? {}).map(([name, from]) => ({
      name,
      value: read(columns, from),
    }));
    const known = outcomes.filter(({ value }) => value !== null && value !== "");
    if (known.length > 0) run.outcomes = known;
    return run;
  };
}

function member(name: string, value: Json): Json {
  if (typeof value !== "string") return value;
  if (name === "error") return parseContent(value);
  if (!numbers.has(name)) return value;
  if (value.trim() === "") return null;
  const number = Number(value);
  if (!Number.isFinite(number)) throw new RecordFault(`'${name}' must be a number`);
  return number;
}

/** A column by its whole name, else by the path of members that the name spells. */
function valueAt(columns: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(columns, name)) return columns[name];
  let value: Json | undefined = columns;
  for (const part of name.split(".")) {
    value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

function typed(value: Json, type: CellType | undefined): Json {
  if (type === undefined || typeof value !== "string") return value;
  const text = value.trim();
  if (type === "text") return value;
  if (text === "") return null;
  // What does not have the type stays as it is: that it was there is part of the history.
  if (type === "json") return tryParseJson(text) ?? value;
  if (type === "number") return Number.isFinite(Number(text)) ? Number(text) : value;
  return /^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : value;
}

function setAt(target: JsonObject, [head = "", ...rest]: string[], value: Json): void {
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  const known = target[head];
  const inner = isJsonObject(known) ? known : emptyObject();
  target[head] = inner;
  setAt(inner, rest, value);
}

/** Names are the users' words: without a prototype there is no `__proto__` to trip over. */
function emptyObject(): JsonObject {
  return Object.create(null) as JsonObject;
}

function readStatus(status: Json): string {
  const word = typeof status === "string" ? status.trim().toLowerCase() : "";
  if (okWords.has(word)) return "ok";
  if (errorWords.has(word)) return "error";
  throw new RecordFault("'status' must be ok or error");
}

function readVerdictOf(word: Json | undefined): string | null {
  if (word === undefined) return null;
  const verdict = readVerdict(typeof word === "string" ? word.trim() : word);
  if (verdict === null) throw new RecordFault("'review.verdict' must be approved, edited or rejected");
  return verdict;
}

/** Attributes are flat. */
function readAttributes(value: Json): JsonObject {
  if (!isJsonObject(value)) return {};
  const flat = Object.entries(value).filter(
    ([, one]) => one !== null && one !== "" && typeof one !== "object",
  );
  return Object.fromEntries(flat);
}

function isBlank(value: Json): boolean {
  if (value === null || value === "") return true;
  return isJsonObject(value) && Object.values(value).every(isBlank);
}
