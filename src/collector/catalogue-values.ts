import { parse } from "csv-parse/sync";
import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { walk } from "./contract-paths.ts";
import { tryParseJson } from "./parse-json.ts";

/** More values than these are no list that a person keeps; each takes some hundred bytes. */
const valuesMax = 500_000;

/**
 * Reads the values of a catalogue out of its text: JSON where it begins with a bracket, else CSV where a column is
 * named, else a value on each line. Blank values are left out.
 *
 * @param at Path of the values in JSON (`items[].sku`), column of a CSV, or "".
 * @throws {PermanentError} If there are none, or too many, or the text is not what it seems.
 */
export function readCatalogueValues(text: string, at: string): ReadonlySet<string> {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  const isJson = trimmed.startsWith("[") || trimmed.startsWith("{");
  const found = isJson ? ofJson(trimmed, at) : at === "" ? trimmed.split(/\r?\n/) : ofCsv(trimmed, at);
  const values = new Set(found.map((value) => value.trim()).filter((value) => value !== ""));
  if (values.size === 0) throw new PermanentError("Cannot use the catalogue: it must hold a value, got none");
  if (values.size > valuesMax)
    throw new PermanentError(`Cannot use the catalogue: it must hold at most ${valuesMax} values, got more`);
  return values;
}

function ofJson(text: string, at: string): string[] {
  const document = tryParseJson(text);
  if (document === undefined)
    throw new PermanentError("Cannot use the catalogue: it must be JSON to its end");
  const found = at === "" ? [document] : walk(document, at.split("."));
  return found.flatMap((value) => (Array.isArray(value) ? value.map(plain) : [plain(value)]));
}

function plain(value: Json): string {
  return value === null || typeof value === "object" ? "" : String(value);
}

function ofCsv(text: string, column: string): string[] {
  let rows: string[][];
  try {
    rows = parse(text, { relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  } catch (cause) {
    throw new PermanentError("Cannot use the catalogue: it must be CSV", { cause });
  }
  const place = rows[0]?.findIndex((name) => name.trim() === column) ?? -1;
  if (place < 0)
    throw new PermanentError(`Cannot use the catalogue: its first line must name column '${column}'`);
  return rows.slice(1).map((row) => row[place] ?? "");
}
