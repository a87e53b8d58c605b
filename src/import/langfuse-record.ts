import { parseContent, tryParseJson } from "../collector/parse-json.ts";
import { isJsonObject, type Json, type JsonObject } from "../model/json.ts";
import { readTime } from "./read-time.ts";

/** What a record of a Langfuse export is. */
export type LangfuseKind = "trace" | "observation" | "score";

/** A record of any Langfuse export, with members found under the names of the API and of the blob storage. */
export interface LangfuseRecord {
  kind: LangfuseKind;
  /** The trace that it belongs to, or is; "" for none. */
  traceId: string;
  columns: JsonObject;
}

/** Reads what a record is by its members: a start makes an observation, a name with a value a score. */
export function readLangfuseRecord(columns: JsonObject): LangfuseRecord {
  const traceId = textOf(columns, "traceId");
  if (traceId !== "" && memberOf(columns, "startTime") !== null)
    return { kind: "observation", traceId, columns };
  const hasValue = memberOf(columns, "value") !== null || memberOf(columns, "stringValue") !== null;
  if (traceId !== "" && hasValue) return { kind: "score", traceId, columns };
  return { kind: "trace", traceId: textOf(columns, "id"), columns };
}

/** A member by its name in the API (`startTime`), or as tables spell it (`start_time`); null for none and for empty text. */
export function memberOf(columns: JsonObject, name: string): Json {
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const found = [name, snake].find((one) => Object.hasOwn(columns, one));
  const value = found === undefined ? null : (columns[found] ?? null);
  return value === "" ? null : value;
}

/** The first of some members that is there, as text. */
export function textOf(columns: JsonObject, ...names: string[]): string {
  for (const name of names) {
    const value = memberOf(columns, name);
    if (typeof value === "string") return value;
    if (typeof value === "number") return String(value);
  }
  return "";
}

/** The first of some members that is a number, or text of one. */
export function numberOf(columns: JsonObject, ...names: string[]): number | null {
  for (const name of names) {
    const value = memberOf(columns, name);
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
  }
  return null;
}

/** A time in milliseconds since the epoch; null for none. */
export function timeOf(columns: JsonObject, name: string): number | null {
  return readTime(memberOf(columns, name));
}

/** Inputs and outputs: exports carry JSON as text. */
export function contentOf(columns: JsonObject, name: string): Json {
  const value = memberOf(columns, name);
  if (typeof value !== "string") return value;
  return value.startsWith('"') ? (tryParseJson(value) ?? value) : parseContent(value);
}

/** A member that is an object, or text of one. */
export function objectOf(columns: JsonObject, name: string): JsonObject {
  const value = contentOf(columns, name);
  return isJsonObject(value) ? value : {};
}

/** A member that is a list of objects. */
export function listOf(columns: JsonObject, name: string): JsonObject[] {
  const value = contentOf(columns, name);
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
