/** What one field must look like. Every rule is optional. */
export interface FieldRule {
  required?: boolean | undefined;
  type?: "string" | "number" | "integer" | "boolean" | "object" | "array" | undefined;
  /** A regular expression the whole value must match. */
  pattern?: string | undefined;
  format?: "email" | "date" | "date-time" | "uri" | "uuid" | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  allowed?: (string | number | boolean)[] | undefined;
}

/** Rules by field path below `inputs` and `outputs` (`vendor.name`, `lines[].amount`). */
export interface Contract {
  inputs?: Record<string, FieldRule> | undefined;
  outputs?: Record<string, FieldRule> | undefined;
}

/** One broken rule. Carries no value, only names. */
export interface Finding {
  /** Full path: `output.vendor`. */
  field: string;
  rule: keyof FieldRule;
}
