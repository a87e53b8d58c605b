import { readFileSync } from "node:fs";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { compileSchema } from "./collector/contract-schema.ts";
import { secret, text, url, whole } from "./config-values.ts";
import type { JsonObject } from "./model/json.ts";
import { compilePattern } from "./model/linear-pattern.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const path = (description: string) => z.string().min(1).optional().meta({ description });

const fieldRule = z
  .strictObject({
    required: z.boolean().optional().meta({ description: "The field must be there and not empty" }),
    type: z
      .enum(["string", "number", "integer", "boolean", "object", "array"])
      .optional()
      .meta({ description: "JSON type of the value" }),
    pattern: z
      .string()
      .superRefine((pattern, context) => {
        const outcome = compilePattern(pattern, "", "whole");
        if (outcome.kind === "refused")
          context.addIssue({ code: "custom", message: `must be ${outcome.why}` });
      })
      .optional()
      .meta({
        description:
          "Regular expression that the whole text must match, without lookaround and back references",
      }),
    format: z
      .enum(["email", "date", "date-time", "uri", "uuid"])
      .optional()
      .meta({ description: "Well-known form of the text" }),
    minimum: z.number().optional().meta({ description: "Smallest number" }),
    maximum: z.number().optional().meta({ description: "Largest number" }),
    allowed: z.array(scalar).optional().meta({ description: "The only values there may be" }),
    allowed_from: path("Name of the catalogue (`catalogues`) that holds the only values there may be"),
    equals: path("Path of a field that must hold the same (`input.customer_id`)"),
    equals_sum_of: path("Path of the numbers whose sum it must be (`lines[].amount`)"),
    tolerance: z.number().min(0).optional().meta({
      description: "Largest difference from the sum; 0.005 where it is not set",
    }),
    not_before: path("Path of a date that it must not lie before"),
    required_if: z
      .strictObject({
        field: z.string().min(1).meta({ description: "Path of the field that decides" }),
        is: z
          .array(scalar)
          .min(1)
          .optional()
          .meta({ description: "Values that make it required; without, any value does" }),
      })
      .optional(),
    demand_review: z
      .boolean()
      .optional()
      .meta({ description: "Every run that breaks a rule of this field waits for a review" }),
  })
  .refine(({ tolerance, equals_sum_of: sum }) => tolerance === undefined || sum !== undefined, {
    error: "must have equals_sum_of beside tolerance",
  });

const fieldRules = (description: string) =>
  z.record(z.string().min(1), fieldRule).optional().meta({ description });

/** A JSON Schema in the configuration itself, or the path of a file that holds one. */
const jsonSchema = (root: "input" | "output", description: string) =>
  z
    .union([z.string().min(1), z.record(z.string(), z.unknown())])
    .transform((given, context): JsonObject => {
      const schema = typeof given === "string" ? readSchema(given) : (given as JsonObject);
      const outcome =
        schema === null
          ? { kind: "refused" as const, why: "must be a file that holds a JSON Schema as an object" }
          : compileSchema(schema, root);
      if (outcome.kind === "refused") context.addIssue({ code: "custom", message: outcome.why });
      return schema ?? {};
    })
    .optional()
    .meta({ description });

/** What a workflow's fields must look like. */
export const contractSchema = z
  .strictObject({
    inputs: fieldRules("Rules by field path below the inputs (`customer.email`, `lines[].amount`)"),
    outputs: fieldRules("Rules by field path below the outputs"),
    inputs_schema: jsonSchema("input", "JSON Schema of the inputs: a file, or the schema itself"),
    outputs_schema: jsonSchema("output", "JSON Schema of the outputs: a file, or the schema itself"),
    demand_review: z
      .boolean()
      .default(false)
      .meta({ description: "Every run that breaks the contract waits for a review, not only some" }),
  })
  .prefault({});

/** Where a list of allowed values comes from. */
export const catalogueSchema = z
  .strictObject({
    url: url("Where the values are read; an http or https URL"),
    file: text("File that holds the values"),
    values_at: text(
      "JSON: path of the values (`items[].sku`); CSV: name of the column; empty: the whole, or a value a line",
    ),
    token: secret("Sent to the URL as `Authorization: Bearer`"),
    refresh_minutes: whole("Minutes between two readings", 15, 1, 10_080),
  })
  .refine(({ url: address, file }) => (address === "") !== (file === ""), {
    error: "must have either url or file",
  });

/** Names of catalogues that rules point at and nobody defined, with the path of each rule's key. */
export function unknownCatalogues(config: {
  catalogues: Record<string, unknown>;
  workflows: Record<string, { contract: z.infer<typeof contractSchema> }>;
}): { path: string[]; name: string }[] {
  const unknown: { path: string[]; name: string }[] = [];
  for (const [workflow, { contract }] of Object.entries(config.workflows)) {
    for (const root of ["inputs", "outputs"] as const) {
      for (const [field, { allowed_from: name }] of Object.entries(contract[root] ?? {})) {
        if (name !== undefined && !Object.hasOwn(config.catalogues, name))
          unknown.push({ path: ["workflows", workflow, "contract", root, field, "allowed_from"], name });
      }
    }
  }
  return unknown;
}

/** The object in a JSON or YAML file; null where there is none. */
function readSchema(file: string): JsonObject | null {
  try {
    const parsed: unknown = parseYaml(readFileSync(file, "utf8"));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as JsonObject)
      : null;
  } catch {
    // Not there, not readable or not YAML: in each case there is no schema, and the message names the file.
    return null;
  }
}
