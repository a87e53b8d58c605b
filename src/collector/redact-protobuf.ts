import type { Redactor } from "./redact.ts";

const depthMax = 40;
/** A byte that no text holds: a control character other than tab, line feed and carriage return. */
const control = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** One field of a message on the wire: its number, and the bytes of its value where it has a length. */
interface WireField {
  number: number;
  start: number;
  end: number;
  hasLength: boolean;
}

/**
 * Redacts protobuf that could not be read as an export, so without its schema: texts by their patterns, and the text
 * of an attribute by its key. A replacement is as long as what it replaces, so that the bytes keep their structure.
 * What is neither message nor text is blanked, since secrets in it could not be found.
 *
 * @param bytes may be cut off anywhere; the caller's copy is left as it is.
 */
export function redactProtobuf(bytes: Uint8Array, redactor: Redactor): Buffer {
  const clean = Buffer.from(bytes);
  redactMessage(clean, 0, clean.length, redactor, [], 0);
  return clean;
}

function redactMessage(
  bytes: Buffer,
  start: number,
  end: number,
  redactor: Redactor,
  names: readonly string[],
  depth: number,
) {
  const { fields, readTo } = readFields(bytes, start, end);
  if (readTo < end) redactLeaf(bytes, readTo, end, redactor, names);
  const natures = fields.map((field) => natureOf(bytes, field));
  // A KeyValue is a key in field 1 and its value, a message, in field 2.
  const keyAt = fields.findIndex(({ number }, index) => number === 1 && natures[index] === "text");
  const isPair = fields.some(({ number }, index) => number === 2 && natures[index] === "message");
  const key = fields[isPair ? keyAt : -1];
  const keys = key === undefined ? [] : [bytes.toString("utf8", key.start, key.end)];
  fields.forEach((field, index) => {
    const below = field.number === 2 ? [...names, ...keys] : names;
    if (natures[index] === "message" && depth < depthMax)
      redactMessage(bytes, field.start, field.end, redactor, below, depth + 1);
    else if (natures[index] !== "number") redactLeaf(bytes, field.start, field.end, redactor, below);
  });
}

/** What the value of a field is. A text may begin like a message: then it must be one to the last byte. */
function natureOf(
  bytes: Buffer,
  { start, end, hasLength }: WireField,
): "number" | "text" | "message" | "bytes" {
  if (!hasLength) return "number";
  const isText = textOf(bytes, start, end) !== null;
  if (isText && bytes[start] !== 0x0a) return "text";
  const { fields, isWhole } = readFields(bytes, start, end);
  if (isText) return isWhole ? "message" : "text";
  return fields.length > 0 ? "message" : "bytes";
}

function redactLeaf(bytes: Buffer, start: number, end: number, redactor: Redactor, names: readonly string[]) {
  const text = textOf(bytes, start, end);
  if (text === null) {
    bytes.fill("*", start, end);
    return;
  }
  const clean = names.reduce((value, name) => redactor.named(name, value), redactor.text(text));
  if (clean === text) return;
  bytes.fill("*", start, end);
  bytes.write(clean, start, end - start, "utf8");
}

/** The bytes as text; null where they are none. */
function textOf(bytes: Buffer, start: number, end: number): string | null {
  const text = bytes.toString("utf8", start, end);
  return control.test(text) || text.includes("\ufffd") ? null : text;
}

/** Reads the fields of a message as far as it is one. A last field that is cut off ends with the bytes. */
function readFields(bytes: Buffer, start: number, end: number) {
  const fields: WireField[] = [];
  let at = start;
  let isWhole = true;
  while (at < end) {
    const tag = readVarint(bytes, at, end);
    if (tag === null || tag.value < 8) break;
    const size = valueSize(bytes, tag.next, end, tag.value & 7);
    if (size === null) break;
    isWhole = size.start + size.length <= end;
    const next = Math.min(end, size.start + size.length);
    fields.push({
      number: Math.floor(tag.value / 8),
      start: size.start,
      end: next,
      hasLength: (tag.value & 7) === 2,
    });
    at = next;
  }
  return { fields, readTo: at, isWhole: isWhole && at === end };
}

function valueSize(bytes: Buffer, at: number, end: number, wireType: number) {
  switch (wireType) {
    case 0: {
      const varint = readVarint(bytes, at, end);
      return varint === null ? null : { start: at, length: varint.next - at };
    }
    case 1:
      return { start: at, length: 8 };
    case 2: {
      const varint = readVarint(bytes, at, end);
      return varint === null ? null : { start: varint.next, length: varint.value };
    }
    case 5:
      return { start: at, length: 4 };
    default:
      return null;
  }
}

/** A varint of at most ten bytes; values past 2^53 lose their last digits, which no length or tag has. */
function readVarint(bytes: Buffer, at: number, end: number): { value: number; next: number } | null {
  let value = 0;
  for (let index = 0; index < 10 && at + index < end; index += 1) {
    const byte = bytes[at + index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  return null;
}
