import { _, type Ajv } from "ajv";
import type { Json } from "../model/json.ts";

/** Values that references may look at, for one document: ten times the largest that is kept; some 100 ms of processor time. */
const valuesMax = 100_000;
/** So many characters of a text count as one value. */
const textPart = 64;

/** Thrown out of a schema's check where a document would take it too long. */
export class TooMuchWork extends Error {
  override readonly name = "TooMuchWork";
}

/**
 * Bounds what a schema may cost for one document. Without references that is document times schema. A schema with two ways
 * back to itself for the same part of a document looks at each part twice as often as at the part around it. So each
 * reference is charged for all that lies below the part that it is applied to.
 *
 * Changes `ajv`, before it compiles a schema.
 *
 * @returns what to call before each document.
 */
export function boundWork(ajv: Pick<Ajv, "getKeyword">): () => void {
  let left = Infinity;
  let sizes = new Map<Json, number>();
  const charge = (part: Json) => {
    left -= sizeOf(part, sizes);
    if (left < 0) throw new TooMuchWork();
  };
  for (const name of ["$ref", "$dynamicRef", "$recursiveRef"]) {
    const definition = ajv.getKeyword(name);
    // Changed in its place: other keywords count on what comes before them.
    if (typeof definition !== "object" || !("code" in definition)) continue;
    const { code } = definition;
    definition.code = (context, type) => {
      context.gen.code(_`${context.gen.scopeValue("keyword", { ref: charge })}(${context.data})`);
      code(context, type);
    };
  }
  return () => {
    left = valuesMax;
    if (sizes.size > 0) sizes = new Map();
  };
}

/** The number of values in a part of a document, itself included. */
function sizeOf(part: Json, known: Map<Json, number>): number {
  if (typeof part === "string") return 1 + part.length / textPart;
  if (typeof part !== "object" || part === null) return 1;
  let size = known.get(part);
  if (size !== undefined) return size;
  size = 1;
  for (const inner of Object.values(part)) size += sizeOf(inner, known);
  known.set(part, size);
  return size;
}
