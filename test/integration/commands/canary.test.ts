import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, runCommand, type Sidecar, startSidecar } from "../../sidecar.ts";

const folder = dataFolder();
let sidecar: Sidecar;
let category = "billing";
const seen: (string | undefined)[] = [];

/** The automation, as a service of its own. */
const automation = createServer((request, response) => {
  seen.push(request.headers["evenkeel-mode"] as string | undefined);
  response.setHeader("evenkeel-model", "gpt-a");
  response.end(JSON.stringify({ category }));
});

beforeAll(async () => {
  sidecar = await startSidecar(folder.data);
  await new Promise<void>((resolve) => automation.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  automation.close();
  await sidecar.stop();
  folder.remove();
});

const canary = (...args: string[]) =>
  runCommand(["canary", "--url", sidecar.url, "--workflow", "w", ...args]);

describe("evenkeel canary", () => {
  it("freezes inputs of a file, pins the answers of a URL, and answers 0, then 1 once they differ", async () => {
    const call = `http://127.0.0.1:${(automation.address() as AddressInfo).port}/`;
    const file = join(folder.data, "cases.jsonl");
    const lines = Array.from({ length: 8 }, (_, n) => JSON.stringify({ inputs: { n }, case_id: `c${n}` }));
    writeFileSync(file, `${lines.join("\n")}\n`);
    expect(await canary("--freeze", file)).toMatchObject({ code: 0 });
    const pinned = await canary("--call", call);
    expect([pinned.code, pinned.output]).toEqual([0, expect.stringContaining("are pinned")]);
    expect(await canary("--call", call)).toMatchObject({ code: 0 });
    category = "card";
    const differs = await canary("--call", call);
    expect([differs.code, differs.output]).toEqual([
      1,
      expect.stringMatching(/output\.category +differs +24 of 24/),
    ]);
    expect(new Set(seen)).toEqual(new Set(["canary"]));
  });

  it("answers by a command that knows it is a canary, and takes its failure for an answer", async () => {
    const program =
      "process.stdin.resume();console.log(JSON.stringify({category:process.env.EVENKEEL_MODE}))";
    const { code, output } = await canary("--json", "--run", `node -e '${program}'`, "--repeat", "2");
    expect(code).toBe(1);
    expect(JSON.parse(output)).toMatchObject({ outcome: "differs" });
    const failing = await canary("--run", "exit 3", "--repeat", "2");
    expect([failing.code, failing.output]).toEqual([1, expect.stringContaining("output.category")]);
    expect(failing.output).toMatch(/(\d+) of \1 calls failed, the last one: The command ended with code 3/);
    const away = await canary("--call", "http://127.0.0.1:9/", "--repeat", "1");
    expect(away.output).toMatch(/calls failed, the last one: fetch failed: /);
  });

  it("says what is wrong with its options", async () => {
    expect(await canary()).toMatchObject({
      code: 2,
      output: expect.stringContaining("--call URL and --run"),
    });
    const missing = await canary("--freeze", join(folder.data, "none.jsonl"));
    expect(missing.output).toContain("cannot be read");
  });
});
