import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { builtFault } from "../built-bin.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evenkeel-built-"));
  for (const name of ["src/a.ts", "src/rooms/b.tsx", "sdk/src/index.ts"]) write(name, 100);
  for (const name of ["dist/a.js", "dist/rooms/b.js", "sdk/dist/index.js"]) write(name, 200);
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, atSeconds: number): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  utimesSync(path, atSeconds, atSeconds);
}

it("builtFault() finds nothing in what was built after its last source, whatever else lies there", () => {
  write("src/notes.md", 300);
  expect(builtFault(folder)).toBe("");
});

it.each([
  { name: "src/rooms/b.tsx", says: "dist/ is older than src/, run npm run build" },
  { name: "sdk/src/index.ts", says: "sdk/dist/ is older than sdk/src/, run npm run build" },
])("builtFault() tells what was built before $name", ({ name, says }) => {
  write(name, 300);
  expect(builtFault(folder)).toBe(`Cannot test the command: ${says}`);
});

it("builtFault() tells where nothing was built", () => {
  rmSync(join(folder, "dist"), { recursive: true });
  expect(builtFault(folder)).toContain("dist/ is older than src/");
});
