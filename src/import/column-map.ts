import { z } from "zod";
import type { Json } from "../model/json.ts";

const cellType = z.enum(["text", "number", "boolean", "json"]);

/** Where a value comes from: a column by its name, or the same value for all. */
const source = z.union([
  z.string().min(1),
  z.strictObject({ column: z.string().min(1), type: cellType.optional() }),
  z.strictObject({ value: z.unknown().transform((value) => value as Json) }),
]);

/** Members by path (`vendor.name` makes an object), several columns under their own names, or one whole column. */
const fields = z.union([z.string().min(1), z.array(z.string().min(1)), z.record(z.string().min(1), source)]);

/** Members of a run that one column can fill. */
export const plainMembers = [
  "run_id",
  "started_at",
  "ended_at",
  "mode",
  "status",
  "error",
  "version",
  "prompt",
  "model",
  "model_resolved",
  "code_revision",
  "confidence",
  "input_tokens",
  "output_tokens",
  "cost_usd",
  "retries",
  "session_id",
  "key",
  "trace_id",
] as const;

/** Members of a review that one column can fill. */
export const reviewMembers = [
  "review_id",
  "verdict",
  "reason",
  "note",
  "reviewer",
  "duration_ms",
  "at",
] as const;

const optional = <K extends string>(names: readonly K[]) =>
  Object.fromEntries(names.map((name) => [name, source.optional()])) as Record<
    K,
    z.ZodOptional<typeof source>
  >;

/** Says which column of a file goes where in a run (docs/import.md). */
export const columnMapSchema = z.strictObject({
  /** Between the cells of a CSV file. */
  delimiter: z.string().length(1).optional(),
  /** Which comes first in times such as `01/02/2026 9:30`. */
  dates: z.enum(["day-first", "month-first"]).optional(),
  ...optional(plainMembers),
  inputs: fields.optional(),
  outputs: fields.optional(),
  attributes: fields.optional(),
  review: z.strictObject({ ...optional(reviewMembers), output: fields.optional() }).optional(),
  outcomes: z.record(z.string().min(1), source).optional(),
});

export type CellType = z.output<typeof cellType>;
export type Source = z.output<typeof source>;
export type Fields = z.output<typeof fields>;
export type ColumnMap = z.output<typeof columnMapSchema>;

const roots = { input: "inputs", output: "outputs", attribute: "attributes" } as const;

/**
 * The map of a CSV file that names its columns as Evenkeel does: `input.<field>`, `output.<field>`,
 * `attribute.<name>`, `outcome.<name>`, `review.<member>`, and the members of a run by their own names.
 *
 * @returns the map, and the columns that have no place in it.
 */
export function mapByName(header: readonly string[]): { map: ColumnMap; unused: string[] } {
  const map: ColumnMap = {};
  const unused = header.filter((column) => !place(column, map));
  return { map, unused };
}

function place(column: string, map: ColumnMap): boolean {
  const dot = column.indexOf(".");
  const [root, rest] = dot < 0 ? ["", column] : [column.slice(0, dot), column.slice(dot + 1)];
  if (rest === "") return false;
  if (root === "input" || root === "output" || root === "attribute") {
    const members = (map[roots[root]] ??= {});
    if (typeof members === "string" || Array.isArray(members)) return false;
    members[rest] = column;
    return true;
  }
  if (root === "outcome") {
    (map.outcomes ??= {})[rest] = column;
    return true;
  }
  if (root === "review") return placeReview(rest, column, map);
  if (column === "inputs" || column === "outputs" || column === "attributes") {
    map[column] ??= column;
    return map[column] === column;
  }
  const member = plainMembers.find((name) => name === column);
  if (member !== undefined) map[member] = column;
  return member !== undefined;
}

function placeReview(rest: string, column: string, map: ColumnMap): boolean {
  const review = (map.review ??= {});
  const member = reviewMembers.find((name) => name === rest);
  if (member !== undefined) review[member] = column;
  else if (rest === "output") review.output = column;
  else if (rest.startsWith("output.")) {
    const output = (review.output ??= {});
    if (typeof output === "string" || Array.isArray(output)) return false;
    output[rest.slice("output.".length)] = column;
  } else return false;
  return true;
}

/** Every column that a map reads, with the type that it asks for. */
export function columnsOf(map: ColumnMap): { column: string; type: CellType | undefined }[] {
  const { inputs, outputs, attributes, review, outcomes } = map;
  const sources = [
    ...plainMembers.map((name) => map[name]),
    ...reviewMembers.map((name) => review?.[name]),
    ...Object.values(outcomes ?? {}),
    ...[inputs, outputs, attributes, review?.output].flatMap(sourcesOf),
  ];
  return sources.flatMap((one) => {
    if (one === undefined) return [];
    if (typeof one === "string") return [{ column: one, type: undefined }];
    return "column" in one ? [{ column: one.column, type: one.type }] : [];
  });
}

/** The sources of members by path. */
function sourcesOf(fields: Fields | undefined): Source[] {
  if (fields === undefined) return [];
  if (typeof fields === "string") return [fields];
  return Array.isArray(fields) ? fields : Object.values(fields);
}
