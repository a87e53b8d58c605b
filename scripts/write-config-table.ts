import { readFileSync, writeFileSync } from "node:fs";
import { configTable } from "../src/config-table.ts";

// Puts the table of settings, made from the schema, between the markers of docs/configuration.md.
const file = new URL("../docs/configuration.md", import.meta.url);
const page = readFileSync(file, "utf8");
writeFileSync(
  file,
  page.replace(/(<!-- settings -->\n)[\s\S]*?(\n<!-- end of settings -->)/, `$1\n${configTable()}\n$2`),
);
