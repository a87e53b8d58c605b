/** A value that JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A copy of a value, taken at one moment, with an estimate of the memory it holds. */
export interface Snapshot {
  value: Json;
  bytes: number;
  /** Something was too large or too deep and was cut. */
  truncated: boolean;
}

/** How much of a value is kept. */
export interface SnapshotLimits {
  /** Values of any type, containers included. */
  nodes: number;
  /** Characters of one string. */
  stringChars: number;
  /** Characters of all strings and keys together. */
  totalChars: number;
  /** Nesting levels. */
  depth: number;
}

/** Keeps the copy of the largest value under a millisecond or two, and its JSON text under about 1 MB. */
export const snapshotLimits: SnapshotLimits = {
  nodes: 20_000,
  stringChars: 524_288,
  totalChars: 1_048_576,
  depth: 32,
};

const nodeBytes = 24;

interface State {
  nodesLeft: number;
  charsLeft: number;
  truncated: boolean;
  limits: SnapshotLimits;
  ancestors: object[];
}

/**
 * Copies a value so that the caller may change it afterwards. Strings, the bulk of a run, are shared and not
 * copied, so this costs a fraction of `JSON.stringify`, which can then run later.
 *
 * Follows the rules of JSON (`toJSON`, `undefined` left out, NaN as null) with these additions: integers of
 * type BigInt become numbers where that is exact and strings elsewhere, a Map becomes an object, a Set an
 * array, an Error its name and message, binary data its length. What cannot be read becomes `[Unreadable]`,
 * a cycle `[Circular]`, what is past a limit is cut or becomes `[Truncated]`. Never throws.
 */
export function snapshot(value: unknown, limits: SnapshotLimits = snapshotLimits): Snapshot {
  const state: State = {
    nodesLeft: limits.nodes,
    charsLeft: limits.totalChars,
    truncated: false,
    limits,
    ancestors: [],
  };
  const copy = copyValue(value, state) ?? null;
  const bytes = (limits.nodes - state.nodesLeft) * nodeBytes + limits.totalChars - state.charsLeft;
  return { value: copy, bytes, truncated: state.truncated };
}

/** @returns undefined for what JSON leaves out. */
function copyValue(value: unknown, state: State): Json | undefined {
  state.nodesLeft -= 1;
  switch (typeof value) {
    case "string":
      return copyString(value, state);
    case "number":
      return Number.isFinite(value) ? value : null;
    case "boolean":
      return value;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : copyString(value.toString(), state);
    case "object":
      return value === null ? null : copyObject(value, state);
    default:
      return undefined;
  }
}

function copyString(text: string, state: State): string {
  const room = Math.min(state.limits.stringChars, state.charsLeft);
  if (text.length <= room) {
    state.charsLeft -= text.length;
    return text;
  }
  state.truncated = true;
  const code = room > 0 ? text.charCodeAt(room - 1) : 0;
  const splitsPair = code >= 0xd800 && code <= 0xdbff;
  state.charsLeft -= room;
  return text.slice(0, splitsPair ? room - 1 : room);
}

function copyObject(object: object, state: State): Json | undefined {
  const { ancestors } = state;
  if (ancestors.includes(object)) return "[Circular]";
  if (ancestors.length >= state.limits.depth || state.nodesLeft <= 0) {
    state.truncated = true;
    return "[Truncated]";
  }
  ancestors.push(object);
  try {
    return copyMembers(object, state);
  } catch {
    return "[Unreadable]";
  } finally {
    ancestors.pop();
  }
}

function copyMembers(object: object, state: State): Json | undefined {
  if (Array.isArray(object)) return copyItems(object, state);
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return { bytes: object.byteLength };
  if ("toJSON" in object && typeof object.toJSON === "function") {
    return copyValue((object.toJSON as () => unknown)(), state);
  }
  if (object instanceof Set) return copyItems(object, state);
  if (object instanceof Map) return copyEntries(object, state);
  const copy: { [key: string]: Json } = {};
  if (object instanceof Error) {
    keep(copy, "name", copyValue(object.name, state), state);
    keep(copy, "message", copyValue(object.message, state), state);
  }
  for (const key of Object.keys(object)) {
    if (!hasRoom(key, state)) break;
    let value: Json | undefined;
    try {
      value = copyValue((object as Record<string, unknown>)[key], state);
    } catch {
      value = "[Unreadable]";
    }
    keep(copy, key, value, state);
  }
  return copy;
}

function copyEntries(map: Map<unknown, unknown>, state: State): Json {
  const copy: { [key: string]: Json } = {};
  for (const [name, value] of map) {
    const key = String(name);
    if (!hasRoom(key, state)) break;
    keep(copy, key, copyValue(value, state), state);
  }
  return copy;
}

function copyItems(items: Iterable<unknown>, state: State): Json[] {
  const copy: Json[] = [];
  for (const item of items) {
    if (state.nodesLeft <= 0) {
      state.truncated = true;
      break;
    }
    copy.push(copyValue(item, state) ?? null);
  }
  return copy;
}

function hasRoom(key: string, state: State): boolean {
  if (state.nodesLeft > 0 && key.length <= state.charsLeft) return true;
  state.truncated = true;
  return false;
}

function keep(copy: { [key: string]: Json }, key: string, value: Json | undefined, state: State): void {
  if (value === undefined) return;
  state.charsLeft -= key.length;
  // Assignment to `__proto__` would set the prototype and lose the member.
  if (key === "__proto__") Object.defineProperty(copy, key, { value, enumerable: true });
  else copy[key] = value;
}
