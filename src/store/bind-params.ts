import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import type { Params } from "./engine.ts";

/**
 * Puts values in the places `{name:Type}` of a statement, as constants of those types. Whatever a value says, it stands
 * there as the hexadecimal digits of its bytes, so that nothing in it can be read as SQL.
 *
 * For the embedded engine, whose driver lets statements with parameters wait for each other in the whole process. A
 * server binds its parameters itself.
 *
 * @throws {TypeError} If a place has no value, a value no place, or a type is not one of those below or not the value's.
 * @throws {PermanentError} If a number is not finite.
 *
 * @example
 * ```ts
 * bindParams("SELECT {a:String}, {b:UInt32}", { a: "it's", b: 7 }); // SELECT x'69742773', CAST(x'37', 'UInt32')
 * ```
 */
export function bindParams(sql: string, params: Params): string {
  const unused = new Set(Object.keys(params));
  const bound = sql.replace(/\{(\w+):([^{}]*)\}/g, (_, name: string, type: string) => {
    if (!Object.hasOwn(params, name)) throw new TypeError(`Cannot bind: '${name}' has no value`);
    unused.delete(name);
    const literal = writerOf(type)(params[name] as Json);
    return type === "String" ? literal : `CAST(${literal}, '${type}')`;
  });
  if (unused.size > 0) throw new TypeError(`Cannot bind: no place for '${[...unused].join("', '")}'`);
  return bound;
}

type Writer = (value: Json) => string;

/** The engine parses numbers from their text, as it does with parameters of its own. */
const scalars = new Map<string, Writer>([
  ["String", writeString],
  ["UInt32", writeNumber],
  ["UInt64", writeNumber],
  ["Int64", writeNumber],
  ["Float64", writeNumber],
]);

function writerOf(type: string): Writer {
  const scalar = scalars.get(type);
  if (scalar !== undefined) return scalar;
  const element = /^Array\((.+)\)$/.exec(type)?.[1];
  if (element === undefined) throw new TypeError(`Cannot bind: type '${type}' is not known`);
  const write = writerOf(element);
  return (value) => {
    if (!Array.isArray(value)) throw mismatch(value, type);
    return `[${value.map((one) => write(one)).join(",")}]`;
  };
}

function writeString(value: Json): string {
  if (typeof value !== "string") throw mismatch(value, "String");
  return `x'${Buffer.from(value).toString("hex")}'`;
}

function writeNumber(value: Json): string {
  if (typeof value !== "number") throw mismatch(value, "number");
  if (!Number.isFinite(value)) throw new PermanentError("Cannot bind: a number must be finite");
  return writeString(String(value));
}

function mismatch(value: Json, type: string): TypeError {
  return new TypeError(`Cannot bind: a value of type '${typeof value}' is no ${type}`);
}
