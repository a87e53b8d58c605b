import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../..", import.meta.url));
let dist: string;

beforeAll(async () => {
  dist = await mkdtemp(join(tmpdir(), "evenkeel-sdk-"));
  const tsc = fileURLToPath(new URL("../../../node_modules/typescript/bin/tsc", import.meta.url));
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", dist], { cwd: folder });
});

afterAll(() => rm(dist, { recursive: true }));

async function builtFiles(): Promise<string[]> {
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("the package", () => {
  it("imports nothing but Node and @opentelemetry/api", async () => {
    const files = await builtFiles();
    const imports = new Set<string>();
    for (const file of files) {
      const source = await readFile(file, "utf8");
      for (const [, name] of source.matchAll(/^(?:import|export|\}).* from "([^"]+)"/gm)) imports.add(name!);
    }
    const outside = [...imports].filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    expect(outside).toEqual(["@opentelemetry/api"]);
  });

  it("is under 100 kB and holds no sources, tests or maps", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: folder });
    const packed = JSON.parse(stdout) as { size: number; files: { path: string }[] }[];
    expect(packed[0]!.size).toBeLessThan(100_000);
    const others = packed[0]!.files.map(({ path }) => path).filter((path) => !/\.(js|d\.ts)$/.test(path));
    expect(others.sort()).toEqual(["README.md", "package.json"]);
  });
});
