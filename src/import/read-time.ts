import { isUsable } from "../collector/times.ts";
import type { Json } from "../model/json.ts";

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const epoch = /^\d{9,13}(?:\.\d+)?$/;

const slashed = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T](.+))?$/;

const written = /^(\d{1,2})\.? ([a-z]{3,9})\.? (\d{4})(?:,? (.+))?$/i;
const months = [
  ...["january", "february", "march", "april", "may", "june"],
  ...["july", "august", "september", "october", "november", "december"],
];

/** Which comes first in dates such as `01/02/2026`. */
export type DateOrder = "day-first" | "month-first";

/**
 * Reads a time of a run: ISO 8601 (UTC where it names no zone), or seconds or milliseconds since the epoch, also as
 * text; also `3 Aug 2026 09:12`, with the month in English. Forms such as `01/02/2026` mean different days in different
 * countries: they are read only where the order is known.
 *
 * @returns milliseconds since the epoch, or null for anything else and for years outside 2000 to 2100.
 */
export function readTime(value: Json | undefined, order: DateOrder | null = null): number | null {
  const timeMs = typeof value === "string" ? textMs(inOrder(spelled(value.trim()), order)) : numberMs(value);
  return timeMs !== null && isUsable(timeMs) ? Math.floor(timeMs) : null;
}

/** Whether a time may be one once the order of its day and month is known. */
export function needsOrder(value: Json | undefined): boolean {
  const orders = ["day-first", "month-first"] as const;
  return readTime(value) === null && orders.some((order) => readTime(value, order) !== null);
}

/** A date with the name of its month as ISO 8601; any other text as it is. */
function spelled(text: string): string {
  const [, day = "", name = "", year = "", time] = written.exec(text) ?? [];
  const word = name.toLowerCase();
  const month = word === "" ? -1 : months.findIndex((one) => one === word || one.slice(0, 3) === word);
  return month < 0 ? text : isoOf(year, String(month + 1), day, time);
}

/** A slashed date as ISO 8601; any other text as it is. */
function inOrder(text: string, order: DateOrder | null): string {
  const found = order === null ? null : slashed.exec(text);
  if (found === null) return text;
  const [, first = "", second = "", year = "", time] = found;
  const [day, month] = order === "day-first" ? [first, second] : [second, first];
  return isoOf(year, month, day, time);
}

function isoOf(year: string, month: string, day: string, time: string | undefined): string {
  const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return time === undefined ? date : `${date}T${time.replace(/^\d:/, "0$&")}`;
}

function numberMs(value: Json | undefined): number | null {
  if (typeof value !== "number") return null;
  return value < 1e11 ? value * 1000 : value;
}

function textMs(text: string): number | null {
  if (epoch.test(text)) return numberMs(Number(text));
  const found = isoTime.exec(text);
  if (found === null || !isCalendarDay(text.slice(0, 10))) return null;
  const hasZone = found[1] !== undefined;
  const isDate = text.length === 10;
  const iso = text.replace(" ", "T").replace(",", ".").replace(/\s+/, "");
  const timeMs = Date.parse(hasZone || isDate ? iso : `${iso}Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}

/** `Date` takes 30 February for 2 March. */
function isCalendarDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
