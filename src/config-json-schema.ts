import { z } from "zod";
import { configSchema } from "./config.ts";

/**
 * The configuration as JSON Schema (draft 7, which editors read), for completion and checks while a person writes. Rules
 * beyond JSON Schema, such as that a time zone exists, are found by `evenkeel --print-config` alone.
 */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    override({ jsonSchema }) {
      delete jsonSchema.secret;
      delete jsonSchema.address;
      // An empty object as default says no more than that the key may be left out.
      if (jsonSchema.type === "object") delete jsonSchema.default;
    },
  });
  return { title: "Evenkeel configuration", ...schema };
}
