import { isInteger, isSafeNumber, parse } from "lossless-json";
import type { Json } from "../model/json.ts";

// A number (not a digit string in quotes) of 16 or more digits may be beyond 2^53.
const longNumber = /(?:^|[:[,\s])-?\d{16}/;
// Most texts have no such thing. Spelled out, since V8 then finds that out eight characters at a time.
const sixteenDigits = new RegExp("\\d".repeat(16));

/**
 * Parses JSON without losing integers beyond 2^53: those come back as strings, everything else as usual.
 *
 * @throws {SyntaxError} If the text is not JSON.
 */
export function parseJson(text: string): Json {
  if (!sixteenDigits.test(text) || !longNumber.test(text)) return JSON.parse(text) as Json;
  return parse(text, null, (digits) =>
    isInteger(digits) && !isSafeNumber(digits) ? digits : Number(digits),
  ) as Json;
}

/** Parses text that is an object or array in JSON; any other text is itself. */
export function parseContent(text: string): Json {
  const first = text.charCodeAt(firstInk(text));
  const isBracket = first === 0x7b || first === 0x5b;
  if (!isBracket) return text;
  return tryParseJson(text) ?? text;
}

/** Parses JSON text of any type; any other text is itself. */
export function parseAnyContent(text: string): Json {
  const parsed = tryParseJson(text);
  return parsed === undefined ? text : parsed;
}

/** Parses JSON text; undefined where it is not JSON. */
export function tryParseJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    // lossless-json recurses, so absurd nesting overflows the stack: such content is text.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function firstInk(text: string): number {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}
