import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lines, run, scratch, serve, start, stop } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

const fromMs = Date.UTC(2026, 0, 1);
let folder = "";
let remove = () => {};

beforeEach(() => {
  ({ folder, remove } = scratch());
});
afterEach(() => remove());

const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);
const exported = async (...args: string[]) =>
  lines((await run(folder, "export", "--data", "data", ...args)).stdout);

describe("evenkeel import", () => {
  it("import() of JSONL keeps times, refuses bad lines by number, and recognises a second import", async () => {
    const runs = [...past({ runs: 700, fromMs, everyMs: 60_000 })];
    write("runs.jsonl", `${toLines(runs)}not json\n${toLines([{ outputs: { a: 1 } }])}`);

    const first = await run(folder, "import", "runs.jsonl", "--workflow", "invoices", "--data", "data");
    expect(first).toMatchObject({ code: 1, stdout: "700 imported, 2 refused\n" });
    expect(first.stderr).toContain("Line 701 was not imported: it is not JSON\n");
    expect(first.stderr).toContain("Line 702 was not imported: 'started_at' must be");

    const again = await run(folder, "import", "runs.jsonl", "--workflow", "invoices", "--data", "data");
    expect(again).toMatchObject({ code: 1, stdout: "0 imported, 700 known already, 2 refused\n" });

    const stored = await exported("--workflow", "invoices");
    expect(stored).toHaveLength(700);
    expect(
      stored.map(({ started_at, received_at, outputs, source }) => ({
        started_at,
        received_at,
        outputs,
        source,
      })),
    ).toEqual(
      runs.map(({ started_at, outputs }) => ({
        started_at,
        received_at: started_at,
        outputs,
        source: "import",
      })),
    );
  });

  it("import() of gzipped CSV with a map gives types, reviews and outcomes", async () => {
    const rows = Array.from({ length: 120 }, (_, at) => {
      const verdict = at % 3 === 0 ? "corrected" : at % 3 === 1 ? "approved" : "";
      return `${at};2026-01-01 00:${String(at % 60).padStart(2, "0")};"Dear, ""team""\nbye";0${at};${at}.50;${verdict};${at % 2 === 0}`;
    });
    write("runs.csv.gz", gzipSync(`Id;When;Text;Code;Amount;Verdict;Paid\n${rows.join("\n")}\n`));
    write(
      "map.yaml",
      `delimiter: ";"
run_id: Id
started_at: When
version: { value: v1 }
inputs: [Text]
outputs: { code: Code, total.amount: Amount }
review: { verdict: Verdict, output: { code: Code } }
outcomes: { paid: Paid }
`,
    );
    const args = ["--workflow", "invoices", "--data", "data"];
    const result = await run(folder, "import", "runs.csv.gz", "--map", "map.yaml", ...args);
    expect(result).toMatchObject({ code: 0, stdout: "120 imported\n" });

    const runs = await exported("--workflow", "invoices");
    expect(runs.find((one) => one.run_id === "7")).toMatchObject({
      started_at: "2026-01-01T00:07:00.000Z",
      inputs: { Text: 'Dear, "team"\nbye' },
      outputs: { code: "07", total: { amount: 7.5 } },
      version: "v1",
    });
    const reviews = await exported("--workflow", "invoices", "--what", "reviews");
    const edited = reviews.filter(({ verdict }) => verdict === "edited");
    expect(reviews).toHaveLength(80);
    expect(edited).toHaveLength(40);
    expect(edited.find((one) => one.run_id === "9")).toMatchObject({ output: { code: "09" }, version: "v1" });
  });

  it("import() that is killed goes on where it was, and counts nothing twice", async () => {
    write("runs.jsonl", toLines(past({ runs: 6_000, fromMs, everyMs: 60_000 })));
    const args = ["import", "runs.jsonl", "--workflow", "invoices", "--data", "data"];
    const killed = start(folder, args);
    await killed.says(/Importing {2}\d+ %/);
    killed.child.kill("SIGKILL");
    expect((await killed.ended).code).toBeNull();

    const second = await run(folder, ...args);
    expect(second.code).toBe(0);
    const line = Number(/Going on after line (\d+)/.exec(second.stderr)?.[1]);
    expect(line).toBeGreaterThan(0);
    // Each batch is on disk before the line is noted, so that at most one batch comes twice, and is recognised.
    const [, imported = "", known = "0"] =
      /^([\d,]+) imported(?:, ([\d,]+) known)?/.exec(second.stdout) ?? [];
    expect(Number(imported.replace(",", "")) + Number(known.replace(",", ""))).toBe(6_000 - line);
    const ids = (await exported("--workflow", "invoices")).map(({ run_id }) => run_id);
    expect([ids.length, new Set(ids).size]).toEqual([6_000, 6_000]);
  });

  it("import() sends to the sidecar that holds the folder, with its key, in bodies no larger than it takes", async () => {
    const large = { started_at: "2026-01-01", outputs: { text: "x".repeat(5_000) } };
    write("runs.jsonl", toLines([...past({ runs: 150, fromMs, everyMs: 60_000 }), large]));
    const sha256 = createHash("sha256").update("secret-key").digest("hex");
    const keys = `keys: [{ name: ci, sha256: ${sha256}, scopes: [ingest] }]`;
    write("config.yaml", `host: 127.0.0.1\n${keys}\nlimits: { body_bytes_max: 4096 }\n`);
    const sidecar = await serve(folder, "--data", "data", "--config", "config.yaml");
    const args = ["import", "runs.jsonl", "--workflow", "invoices", "--data", "data", "--port", sidecar.port];
    try {
      const refused = await run(folder, ...args);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toContain("answered 401");
      expect(refused.stderr).toContain("--key");
      const result = await run(folder, ...args, "--key", "secret-key");
      expect(result).toMatchObject({ code: 1, stdout: "150 imported, 1 refused\n" });
      expect(result.stderr).toContain("Line 151 was not imported: it is larger than the sidecar takes");
    } finally {
      await stop(sidecar);
    }
    expect(await exported("--workflow", "invoices")).toHaveLength(150);
  });

  it("import() goes on when the sidecar comes back in the middle of it", async () => {
    write("runs.jsonl", toLines(past({ runs: 5_000, fromMs, everyMs: 60_000 })));
    const before = await serve(folder, "--data", "data");
    const importing = start(folder, ["import", "runs.jsonl", "--workflow", "invoices", "--url", before.url]);
    await importing.says(/Importing {2}\d+ %/);
    before.child.kill("SIGKILL");
    await before.ended;
    const after = await serve(folder, "--data", "data", "--port", before.port);
    const { code, stderr } = await importing.ended;
    expect(code).toBe(0);
    expect(stderr).toContain("; trying again for a minute");
    await stop(after);
    const ids = (await exported("--workflow", "invoices")).map(({ run_id }) => run_id);
    expect([ids.length, new Set(ids).size]).toEqual([5_000, 5_000]);
  });

  const wrong = [
    { why: "no file", args: ["--workflow", "w"], says: "exactly one file must be named" },
    { why: "no workflow", args: ["runs.jsonl"], says: "--workflow must name a workflow" },
    {
      why: "a file that is not there",
      args: ["none.jsonl", "--workflow", "w"],
      says: "Cannot read 'none.jsonl': ENOENT",
    },
    {
      why: "a format that its name does not tell",
      args: ["runs.txt", "--workflow", "w"],
      says: "its name must end in",
    },
    {
      why: "a map with an unknown key",
      args: ["runs.csv", "--workflow", "w", "--map", "bad.yaml"],
      says: "Cannot use map 'bad.yaml'",
    },
    {
      why: "a map of other columns",
      args: ["runs.csv", "--workflow", "w", "--map", "other.yaml"],
      says: "it has no column 'Gone'",
    },
    {
      why: "columns without a place",
      args: ["runs.csv", "--workflow", "w"],
      says: "no column is an input or an output",
    },
    { why: "UTF-16", args: ["wide.csv", "--workflow", "w"], says: "it must be UTF-8" },
    {
      why: "gzip that breaks off",
      args: ["cut.jsonl.gz", "--workflow", "w"],
      says: "Cannot read 'cut.jsonl.gz': Z_BUF_ERROR",
    },
    {
      why: "an address at which nobody answers",
      args: ["runs.jsonl", "--workflow", "w", "--url", "http://127.0.0.1:1"],
      says: "Cannot reach 'http://127.0.0.1:1'",
    },
    { why: "an unknown option", args: ["runs.jsonl", "--workflow", "w", "--nope"], says: "--nope" },
  ];
  it.each(wrong)("import() refuses $why with exit 2 and a message", async ({ args, says }) => {
    write("runs.jsonl", toLines(past({ runs: 1, fromMs, everyMs: 1 })));
    write("runs.txt", "");
    write("runs.csv", "a,b\n1,2\n");
    write("bad.yaml", "colour: a\n");
    write("other.yaml", "outputs: [Gone]\n");
    write("wide.csv", Buffer.from("\uFEFFa,b\n", "utf16le"));
    const whole = gzipSync(toLines(past({ runs: 500, fromMs, everyMs: 1 })));
    write("cut.jsonl.gz", whole.subarray(0, whole.length / 2));
    const { code, stderr } = await run(folder, "import", ...args, "--data", "data");
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) as string });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("import() prints nothing of a payload, whatever goes wrong", async () => {
    write(
      "runs.jsonl",
      toLines([
        { started_at: "s3cret-time", outputs: "x" },
        { started_at: "2026-01-01", outputs: 1, confidence: "s3cret" },
      ]),
    );
    const { code, stdout, stderr } = await run(
      folder,
      "import",
      "runs.jsonl",
      "--workflow",
      "w",
      "--data",
      "data",
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: "0 imported, 2 refused\n" });
    expect(stdout + stderr).not.toContain("s3cret");
    expect(readFileSync(join(folder, "runs.jsonl"), "utf8")).toContain("s3cret");
  });
});
