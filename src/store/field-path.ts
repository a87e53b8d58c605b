import type { Params } from "./engine.ts";

/** A field of a run's JSON, ready for SQL. */
export interface FieldSql {
  /** True where the field's value satisfies a condition; for a field below `[]`, where any element does. */
  some(condition: (document: string, path: string) => string): string;
}

/**
 * Turns a field path (`output.vendor.name`, `input.lines[].amount`) into SQL over the `inputs` or `outputs` text.
 * Keys travel as parameters. Null for a path outside the two documents.
 */
export function fieldSql(field: string, params: Params, name = "key"): FieldSql | null {
  const match = /^(input|output)(?:\.|(?=\[)|$)/.exec(field);
  if (match === null) return null;
  const groups = field.slice(match[0].length).split("[]");
  let count = 0;
  // Each group of keys but the last leads to an array.
  const paths = groups.map((group) =>
    group
      .split(".")
      .filter((key) => key !== "")
      .map((key) => {
        const parameter = `${name}${count++}`;
        params[parameter] = key;
        return `, {${parameter}:String}`;
      })
      .join(""),
  );
  const last = paths.pop() ?? "";
  return {
    some(condition) {
      return paths.reduceRight<(document: string, depth: number) => string>(
        (inner, path) => (document, depth) => {
          const element = `element${depth}`;
          return `arrayExists(${element} -> ${inner(element, depth + 1)}, JSONExtractArrayRaw(${document}${path}))`;
        },
        (document) => condition(document, last),
      )(`t.${match[1] ?? ""}s`, 0);
    },
  };
}

/** The field equals a text, or is a number or boolean spelled so. */
export function fieldEquals(field: string, value: string, params: Params): string {
  const found = fieldSql(field, params);
  if (found === null) return "0";
  params.value = value;
  return found.some(
    (document, path) =>
      `(JSONExtractString(${document}${path}) = {value:String} OR JSONExtractRaw(${document}${path}) = {value:String})`,
  );
}
