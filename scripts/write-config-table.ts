import { readFileSync, writeFileSync } from "node:fs";
import { configJsonSchema } from "../src/config-json-schema.ts";
import { configTable } from "../src/config-table.ts";

// Puts the table of settings, made from the schema, between the markers of docs/configuration.md, and writes the JSON
// Schema for editors.
const file = new URL("../docs/configuration.md", import.meta.url);
const page = readFileSync(file, "utf8");
writeFileSync(
  file,
  page.replace(/(<!-- settings -->\n)[\s\S]*?(\n<!-- end of settings -->)/, `$1\n${configTable()}\n$2`),
);
writeFileSync(
  new URL("../evenkeel.schema.json", import.meta.url),
  `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
);
