import type { JsonObject } from "./json.ts";

/** A value that a list of allowed values can hold. */
export type Scalar = string | number | boolean;

/**
 * What one field must look like. Every rule is optional. Keys are as people write them in the configuration; a path
 * named by a rule lies below the same root, or is whole where it begins with `input.` or `output.`.
 */
export interface FieldRule {
  required?: boolean | undefined;
  type?: "string" | "number" | "integer" | "boolean" | "object" | "array" | undefined;
  /** A regular expression the whole value must match. */
  pattern?: string | undefined;
  format?: "email" | "date" | "date-time" | "uri" | "uuid" | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  allowed?: Scalar[] | undefined;
  /** The name of the catalogue that holds the allowed values. */
  allowed_from?: string | undefined;
  /** Path of a field that must hold the same. */
  equals?: string | undefined;
  /** Path of numbers, such as `lines[].amount`, whose sum it must be. */
  equals_sum_of?: string | undefined;
  /** Largest difference from that sum, in the unit of the number. */
  tolerance?: number | undefined;
  /** Path of a date that it must not lie before. */
  not_before?: string | undefined;
  /** Makes the field required where another one holds something, or one of some values. */
  required_if?: { field: string; is?: Scalar[] | undefined } | undefined;
  /** A run that breaks a rule of this field must be reviewed. */
  demand_review?: boolean | undefined;
}

/** The rules that can be broken, as findings and signals name them. `schema` stands for a whole JSON Schema. */
export type RuleName = Exclude<keyof FieldRule, "tolerance" | "demand_review"> | "schema";

/** Rules by field path below `inputs` and `outputs` (`vendor.name`, `lines[].amount`), and JSON Schemas of the whole. */
export interface Contract {
  inputs?: Record<string, FieldRule> | undefined;
  outputs?: Record<string, FieldRule> | undefined;
  inputs_schema?: JsonObject | undefined;
  outputs_schema?: JsonObject | undefined;
  /** A run that breaks any rule must be reviewed. */
  demand_review?: boolean | undefined;
}

/** One broken rule. Carries no value, only names. */
export interface Finding {
  /** Full path: `output.vendor`. */
  field: string;
  /** A `RuleName`, or a keyword of a JSON Schema. */
  rule: string;
  /** Set where the run must be reviewed for it. */
  review?: true;
}

/** One rule that is neither kept nor broken, and why it could not be judged, in a few words. */
export interface Unjudged {
  field: string;
  rule: RuleName;
  why: string;
}
