import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { configJsonSchema } from "../../src/config-json-schema.ts";
import { configTable } from "../../src/config-table.ts";

it("configTable() stands in docs/configuration.md (else run scripts/write-config-table.ts)", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  expect(page).toContain(configTable());
});

it("configTable() describes every key", () => {
  expect(configTable().match(/^.*\|\s*\|$/gm)).toBeNull();
});

it("configJsonSchema() stands in evenkeel.schema.json (else run scripts/write-config-table.ts)", () => {
  const file = readFileSync(new URL("../../evenkeel.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(file)).toEqual(configJsonSchema());
});

it.each([
  { why: "an empty file", settings: {}, isValid: true },
  { why: "a number", settings: { port: 1 }, isValid: true },
  { why: "a workflow", settings: { workflows: { a: { pause: { mode: "on" } } } }, isValid: true },
  { why: "a text for a number", settings: { port: "1" }, isValid: false },
  { why: "an unknown key", settings: { prot: 1 }, isValid: false },
  { why: "an unknown key of a workflow", settings: { workflows: { a: { ower: "x" } } }, isValid: false },
  { why: "another word", settings: { workflows: { a: { pause: { mode: "yes" } } } }, isValid: false },
])("configJsonSchema() judges $why as the sidecar does", ({ settings, isValid }) => {
  const schema = z.fromJSONSchema(configJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
  expect(schema.safeParse(settings).success).toBe(isValid);
});
