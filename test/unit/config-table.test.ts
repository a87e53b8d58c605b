import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configTable } from "../../src/config-table.ts";

it("configTable() stands in docs/configuration.md (else run scripts/write-config-table.ts)", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toContain(configTable());
});

it("configTable() describes every key", () => {
  expect(configTable().match(/^.*\|\s*\|$/gm)).toBeNull();
});
