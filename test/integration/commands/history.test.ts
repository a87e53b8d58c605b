import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { lines, run, scratch, serve, start, stop } from "./evenkeel.ts";
import { past, toLines } from "./past.ts";

const hourMs = 3_600_000;
const fromMs = Date.UTC(2026, 0, 5);
const everyMs = hourMs / 4;
/** Three weeks of quiet, then half of the categories are empty. */
const runs = 3_000;
const brokenFrom = 2_400;
const faultMs = fromMs + brokenFrom * everyMs;

let folder = "";
let remove = () => {};
const write = (name: string, content: string) => writeFileSync(join(folder, name), content);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const evenkeel = (...args: string[]) => run(folder, ...args, "--data", "data");

/** A backtest as `--json` prints it. */
interface Printed {
  runs: number;
  judged_from: string;
  alerts: { alert_at: string; onset: string; signals: { field: string; kind: string; sentence: string }[] }[];
}

beforeAll(async () => {
  ({ folder, remove } = scratch());
  write("past.jsonl", toLines(past({ runs, fromMs, everyMs, brokenFrom })));
  const { code, stderr } = await evenkeel("import", "past.jsonl", "--workflow", "invoices");
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => remove());

describe("evenkeel backtest", () => {
  const backtest = async (...args: string[]) => {
    const { code, stdout } = await evenkeel("backtest", "--workflow", "invoices", "--json", ...args);
    return { code, printed: JSON.parse(stdout) as Printed };
  };

  it("backtest() finds a fault that was planted, when it began, and nothing before it", async () => {
    const { code, printed } = await backtest("--baseline-to", "2026-01-20");
    expect(code).toBe(0);
    expect(printed).toMatchObject({ runs, judged_from: "2026-01-20T00:00:00.000Z" });
    const [alert, ...more] = printed.alerts;
    expect(more).toEqual([]);
    expect(alert?.signals.map(({ field }) => field)).toContain("output.category");
    expect(alert?.signals.map(({ sentence }) => sentence).join(" ")).toContain("`output.category` was empty");
    expect(Date.parse(alert?.alert_at ?? "")).toBeGreaterThan(faultMs);
    expect(Date.parse(alert?.alert_at ?? "")).toBeLessThan(faultMs + 24 * hourMs);
    expect(Math.abs(Date.parse(alert?.onset ?? "") - faultMs)).toBeLessThan(6 * hourMs);
  });

  it("backtest() that learns on the way finds it too", async () => {
    const { printed } = await backtest();
    const found = printed.alerts.filter((alert) =>
      alert.signals.some(({ field }) => field === "output.category"),
    );
    expect(found).toHaveLength(1);
    expect(Date.parse(found[0]?.alert_at ?? "")).toBeGreaterThan(faultMs);
  });

  it("backtest() says that nothing would have alerted where nothing was wrong", async () => {
    const args = [
      "--workflow",
      "invoices",
      "--baseline-to",
      "2026-01-20",
      "--to",
      new Date(faultMs).toISOString(),
    ];
    const { code, stdout } = await evenkeel("backtest", ...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Replayed 2400 runs of 'invoices'/);
    expect(stdout).toMatch(/In 10\.0 days after it, nothing would have alerted\.\n$/);
  });

  it("backtest() and export() answer the same while a sidecar holds the folder", async () => {
    const alone = await backtest("--baseline-to", "2026-01-20");
    const rows = (await evenkeel("export", "--workflow", "invoices")).stdout;
    const sidecar = await serve(folder, "--data", "data");
    try {
      const remote = await backtest("--baseline-to", "2026-01-20", "--port", sidecar.port);
      expect(remote.printed).toEqual(alone.printed);
      expect((await evenkeel("export", "--workflow", "invoices", "--port", sidecar.port)).stdout).toBe(rows);
      const unreachable = await evenkeel("backtest", "--workflow", "invoices", "--port", "1");
      expect(unreachable).toMatchObject({ code: 2, stdout: "" });
      // The engine, asked for a folder that is held, complains by itself.
      expect(unreachable.stderr).toMatch(
        /^Cannot open data folder 'data': another process \(pid \d+\) holds it\n.*--url/,
      );
    } finally {
      await stop(sidecar);
    }
  });

  it("backtest() of too few runs says so and exits 1", async () => {
    const { code, stdout } = await evenkeel("backtest", "--workflow", "invoices", "--to", "2026-01-05T10:00");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Not enough data: 40 runs of 'invoices'.*a baseline needs 100 runs\.\n$/);
  });
});

describe("evenkeel export", () => {
  it("export() gives runs that import() takes again, in both formats", async () => {
    for (const format of ["jsonl", "csv"]) {
      const file = `copy.${format}`;
      const args = ["--workflow", "invoices", "--format", format, "--output", file];
      expect(await evenkeel("export", ...args)).toMatchObject({
        code: 0,
        stdout: "",
        stderr: "3,000 runs written\n",
      });
      expect(existsSync(join(folder, `${file}.part`))).toBe(false);
      const copy = await run(folder, "import", file, "--workflow", "invoices", "--data", `copy-${format}`);
      expect(copy.stdout).toBe("3,000 imported\n");
      const exported = await run(folder, "export", "--workflow", "invoices", "--data", `copy-${format}`);
      expect(exported.stdout).toBe((await evenkeel("export", "--workflow", "invoices")).stdout);
    }
  });

  it("export() defuses formulas in CSV and leaves JSONL as it is", async () => {
    const hostile = '=HYPERLINK("http://x.test")';
    const one = { run_id: "r1", started_at: "2026-02-01", outputs: { a: 1 }, model: hostile };
    write(
      "hostile.jsonl",
      toLines([{ ...one, reviews: [{ verdict: "rejected", note: "@SUM(1)", reviewer: "+kim" }] }]),
    );
    await evenkeel("import", "hostile.jsonl", "--workflow", "hostile");
    const csv = (await evenkeel("export", "--workflow", "hostile", "--format", "csv")).stdout;
    expect(csv).toContain(`"'=HYPERLINK(""http://x.test"")"`);
    const reviews = await evenkeel("export", "--workflow", "hostile", "--format", "csv", "--what", "reviews");
    expect(reviews.stdout).toContain(",'@SUM(1),'+kim,");
    expect(lines((await evenkeel("export", "--workflow", "hostile")).stdout)[0]).toMatchObject({
      model: hostile,
    });
  });

  it("export() keeps to the span", async () => {
    const span = ["--from", "2026-01-06", "--to", "2026-01-07"];
    expect(lines((await evenkeel("export", "--workflow", "invoices", ...span)).stdout)).toHaveLength(96);
  });

  it("export() ends quietly when its reader has seen enough", async () => {
    const running = start(folder, ["export", "--workflow", "invoices", "--data", "data"]);
    await running.says(/run_id/);
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/runs written\n$/) as string,
    });
  });

  it("export() tells who asks for incidents in vain that there are none", async () => {
    expect(await evenkeel("export", "--workflow", "invoices", "--what", "incidents")).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "0 incidents written\n",
    });
  });

  it("export() leaves no file behind when it fails", async () => {
    const result = await evenkeel("export", "--workflow", "invoices", "--output", "no/such/folder.jsonl");
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("Cannot write 'no/such/folder.jsonl': ENOENT");
  });
});

describe("evenkeel contract infer", () => {
  it("contract() proposes rules that the history keeps, in the shape of the configuration", async () => {
    const to = new Date(faultMs).toISOString();
    const { code, stdout } = await evenkeel("contract", "infer", "--workflow", "invoices", "--to", to);
    expect(code).toBe(0);
    expect(parseYaml(stdout)).toMatchObject({
      workflows: {
        invoices: {
          contract: {
            inputs: { subject: { required: true, type: "string" } },
            outputs: {
              amount: { required: true, type: "number", minimum: 0 },
              category: {
                required: true,
                type: "string",
                allowed: expect.arrayContaining(["it", "food"]) as string[],
              },
              "vendor.name": { required: true, type: "string" },
            },
          },
        },
      },
    });
    write("contract.yaml", stdout);
    const args = ["--workflow", "invoices", "--data", "checked", "--config", "contract.yaml"];
    await run(folder, "import", "past.jsonl", ...args);
    const stored = lines((await run(folder, "export", ...args)).stdout);
    const broken = stored.filter(({ findings }) => (findings as unknown[]).length > 0);
    expect(broken.length).toBeGreaterThan(100);
    expect(broken.every(({ started_at }) => Date.parse(started_at as string) >= faultMs)).toBe(true);
  });

  it("contract() refuses to learn from too few runs", async () => {
    const result = await evenkeel("contract", "infer", "--workflow", "invoices", "--to", "2026-01-05T10:00");
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("40 successful runs of 'invoices' are stored, and a contract needs 100");
  });
});

describe("evenkeel init", () => {
  it("init() writes a configuration of the workflows seen, and never writes over one", async () => {
    expect(await evenkeel("init")).toMatchObject({ code: 0 });
    const config = parseYaml(read("evenkeel.yaml")) as { workflows: Record<string, unknown> };
    expect(Object.keys(config.workflows)).toContain("invoices");
    expect(await run(folder, "--print-config", "--config", "evenkeel.yaml")).toMatchObject({
      code: 0,
      stderr: "",
    });
    write("evenkeel.yaml", "port: 1\n");
    expect(await evenkeel("init")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("it exists already") as string,
    });
    expect(read("evenkeel.yaml")).toBe("port: 1\n");
  });

  it("init() writes a valid file where nothing has been seen", async () => {
    const result = await run(folder, "init", "--data", "none", "--output", "first.yaml");
    expect(result.code).toBe(0);
    expect(parseYaml(read("first.yaml"))).toMatchObject({ data: "none", workflows: {} });
    expect(await run(folder, "--print-config", "--config", "first.yaml")).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});

describe("wrong use", () => {
  const wrong = [
    { why: "backtest without a workflow", args: ["backtest"], says: "--workflow must name a workflow" },
    {
      why: "backtest of an unknown workflow",
      args: ["backtest", "--workflow", "x"],
      says: "Workflows with runs: ",
    },
    {
      why: "a time that is none",
      args: ["backtest", "--workflow", "invoices", "--from", "soon"],
      says: "got 'soon'",
    },
    {
      why: "a baseline from too little",
      args: ["backtest", "--workflow", "invoices", "--baseline-to", "2026-01-05T10:00"],
      says: "must have at least 100 runs, got 40",
    },
    {
      why: "export of something else",
      args: ["export", "--workflow", "w", "--what", "dreams"],
      says: "--what must be one of",
    },
    {
      why: "export in another format",
      args: ["export", "--workflow", "w", "--format", "xml"],
      says: "--format must be one of",
    },
    { why: "contract without its verb", args: ["contract", "--workflow", "w"], says: "'infer'" },
    { why: "check of one file", args: ["check", "a.jsonl"], says: "exactly two files must be named" },
  ];
  it.each(wrong)("$why exits 2 and says why", async ({ args, says }) => {
    const { code, stderr } = await evenkeel(...args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) as string });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("reading from a folder that is not there exits 2 and makes none", async () => {
    const result = await run(folder, "export", "--workflow", "w", "--data", "nowhere");
    expect(result).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("there is no data in 'nowhere'") as string,
    });
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});
