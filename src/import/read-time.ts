import { isUsable } from "../collector/times.ts";
import type { Json } from "../model/json.ts";

const isoTime = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;
const epoch = /^\d{9,13}(?:\.\d+)?$/;

/**
 * Reads a time of a run: ISO 8601 (UTC where it names no zone), or seconds or milliseconds since the epoch, also as
 * text. Forms such as `01/02/2026` are refused: they mean different days in different countries.
 *
 * @returns milliseconds since the epoch, or null for anything else and for years outside 2000 to 2100.
 */
export function readTime(value: Json | undefined): number | null {
  const timeMs = typeof value === "string" ? textMs(value.trim()) : numberMs(value);
  return timeMs !== null && isUsable(timeMs) ? Math.floor(timeMs) : null;
}

function numberMs(value: Json | undefined): number | null {
  if (typeof value !== "number") return null;
  return value < 1e11 ? value * 1000 : value;
}

function textMs(text: string): number | null {
  if (epoch.test(text)) return numberMs(Number(text));
  const found = isoTime.exec(text);
  if (found === null) return null;
  const hasZone = found[1] !== undefined;
  const isDate = text.length === 10;
  const iso = text.replace(" ", "T").replace(",", ".").replace(/\s+/, "");
  const timeMs = Date.parse(hasZone || isDate ? iso : `${iso}Z`);
  return Number.isNaN(timeMs) ? null : timeMs;
}
