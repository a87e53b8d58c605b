import { z } from "zod";
import { configSchema } from "./config.ts";

/** The reference of all settings as a Markdown table, for `docs/configuration.md` (a test holds the two equal). */
export function configTable(): string {
  const rows = tableRows(configSchema, []).map(
    ({ key, initial, description }) => `| \`${key}\` | ${initial} | ${description} |`,
  );
  return ["| key | default | what it does |", "| --- | --- | --- |", ...rows].join("\n");
}

interface Row {
  key: string;
  initial: string;
  description: string;
}

function tableRows(schema: z.ZodType, path: string[]): Row[] {
  const inner = innermost(schema);
  const description = schema.meta()?.description ?? inner.meta()?.description ?? "";
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.ZodType>;
    return Object.entries(shape).flatMap(([key, member]) => tableRows(member, [...path, key]));
  }
  const own: Row = { key: path.join(".").replaceAll(".[]", "[]"), initial: initialOf(schema), description };
  const [members, step] =
    inner instanceof z.ZodRecord
      ? [inner.valueType as z.ZodType, "<name>"]
      : inner instanceof z.ZodArray
        ? [inner.element as z.ZodType, "[]"]
        : [undefined, ""];
  if (members === undefined || !(innermost(members) instanceof z.ZodObject)) return [own];
  return [own, ...tableRows(members, [...path, step])];
}

function initialOf(schema: z.ZodType): string {
  if (schema instanceof z.ZodDefault) return `\`${JSON.stringify(schema.def.defaultValue)}\``;
  return schema instanceof z.ZodOptional ? "–" : "required";
}

function innermost(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return innermost(schema.unwrap() as z.ZodType);
  }
  return schema;
}
