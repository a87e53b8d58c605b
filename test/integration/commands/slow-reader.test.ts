import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { builtBin } from "../../built-bin.ts";
import { lines, run, scratch } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

let folder = "";
let remove = () => {};

beforeEach(() => {
  ({ folder, remove } = scratch());
});
afterEach(() => remove());

const write = (name: string, content: string) => writeFileSync(join(folder, name), content);

describe("evenkeel", () => {
  it("prints everything before it ends, also more than a pipe takes at once", async () => {
    const names = Array.from({ length: 2_000 }, (_, at) => `workflow-${at}`);
    write("config.yaml", `workflows: { ${names.map((name) => `${name}: {}`).join(", ")} }`);
    const { code, stdout } = await run(folder, "--print-config", "--config", "config.yaml");
    expect(code).toBe(0);
    const { workflows } = parseYaml(stdout) as { workflows: object };
    expect(Object.keys(workflows)).toEqual(names);
  });

  it("export() leaves no run out for a reader that is slow", async () => {
    // A pipe takes 64 KiB, and the stream before it some 16: with so many, the last are handed over and not yet taken.
    const runs = [...past({ runs: 130, fromMs: Date.UTC(2026, 0, 1), everyMs: 1 })];
    write("runs.jsonl", toLines(runs));
    const args = ["--workflow", "invoices", "--data", "data"];
    expect(await run(folder, "import", "runs.jsonl", ...args)).toMatchObject({ code: 0 });

    const piped = spawn("sh", ["-c", '"$0" export "$@" | { read -r go <&3; cat; }', builtBin(), ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const [, stdout, stderr, gate] = piped.stdio;
    const printed = text(stdout as Readable);
    expect(String(await once(stderr as Readable, "data"))).toBe("130 runs written\n");
    // Once others get the folder, the command has closed it and has nothing left to do but to end.
    let code: number | null = null;
    while (code !== 0) ({ code } = await run(folder, "export", ...args));
    (gate as Writable).end("go\n");
    expect(lines(await printed)).toHaveLength(runs.length);
  });
});
