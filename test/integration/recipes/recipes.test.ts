import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";
import { pythonWith } from "./python.ts";
import { blocksOf } from "./recipe.ts";

const run = promisify(execFile);
let sidecar: Sidecar;
let folder: string;

beforeAll(async () => {
  sidecar = await startSidecar();
  folder = await mkdtemp(join(tmpdir(), "evenkeel-recipes-"));
});

afterAll(async () => {
  await sidecar.stop();
  await rm(folder, { recursive: true });
});

/** The one run of a workflow, as the sidecar tells it. */
async function storedRun(workflow: string): Promise<any> {
  await sidecar.app.parts.writer()?.flush();
  const { runs } = (await (await sidecar.get(`/v1/runs?workflow=${workflow}`)).json()) as { runs: any[] };
  expect(runs).toHaveLength(1);
  return runs[0];
}

/** Whether a program and what it needs is on this machine. What is not is not tested, and said. */
async function has(program: string, ...args: string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => {
      process.stderr.write(`Not tested: a recipe that needs '${program} ${args.join(" ")}' to succeed\n`);
      return false;
    },
  );
}

function describeShell(): void {
  describe("shell.md", () => {
    it("shell.md reports a run and a review of it", async () => {
      const [script = "", review = ""] = await blocksOf("shell.md", "bash");
      await writeFile(join(folder, "nightly.sh"), script);
      await writeFile(
        join(folder, "summarise.sh"),
        `#!/bin/sh\necho '{"summary": "One \\"late\\" invoice"}'\n`,
      );
      await writeFile(join(folder, "today.txt"), 'Invoice "17"\nis late \\ 😀\n');
      await chmod(join(folder, "summarise.sh"), 0o755);
      const env = { ...process.env, EVENKEEL_ENDPOINT: sidecar.url };
      await run("bash", ["nightly.sh", "today.txt"], { cwd: folder, env });
      const stored = await storedRun("nightly-summary");
      expect(stored).toMatchObject({
        status: "ok",
        version: "2026-11-20",
        inputs: { text: 'Invoice "17"\nis late \\ 😀\n' },
        outputs: { summary: 'One "late" invoice' },
      });
      await run("bash", ["-c", review], { env: { ...env, RUN_ID: stored.run_id } });
      await sidecar.app.parts.writer()?.flush();
      const receipt: any = await (await sidecar.get(`/v1/runs/${stored.run_id}`)).json();
      expect(receipt.reviews).toMatchObject([{ verdict: "edited", reason: "missed one", reviewer: "ana" }]);
    });

    it("shell.md does not start while the workflow is paused", async () => {
      const [script = ""] = await blocksOf("shell.md", "bash");
      await writeFile(join(folder, "nightly.sh"), script);
      await writeFile(join(folder, "summarise.sh"), "#!/bin/sh\ntouch started\n");
      await sidecar.post("/v1/workflows/nightly-summary/pause", { actor: "ana", reason: "wrong" });
      const env = { ...process.env, EVENKEEL_ENDPOINT: sidecar.url };
      await run("bash", ["nightly.sh", "today.txt"], { cwd: folder, env });
      expect(await readdir(folder)).not.toContain("started");
    });
  });
}

describe("n8n.md", () => {
  /** Evaluates `={{ … }}` as n8n does: as JavaScript with the node's variables. */
  function evaluate(expression: string, variables: Record<string, unknown>): string {
    const code = /^=\{\{(.*)\}\}$/s.exec(expression)?.[1];
    if (code === undefined) return expression;
    return String(runInNewContext(code, variables));
  }

  async function send(node: any, variables: Record<string, unknown>): Promise<Response> {
    const { method = "GET", url, jsonBody } = node.parameters;
    return fetch(url.replace("http://localhost:4318", sidecar.url), {
      method,
      ...(jsonBody === undefined
        ? {}
        : { body: evaluate(jsonBody, variables), headers: { "content-type": "application/json" } }),
    });
  }

  it("n8n.md asks the gate and tells the run, once for each execution", async () => {
    const [workflow = ""] = await blocksOf("n8n.md", "json");
    const nodes: any[] = JSON.parse(workflow).nodes;
    const [gate, mayRun, tell] = ["Ask the gate", "May it run?", "Tell Evenkeel"].map((name) =>
      nodes.find((node) => node.name === name),
    );
    const answer: any = await (await send(gate, {})).json();
    const [condition] = mayRun.parameters.conditions.conditions;
    expect(evaluate(condition.leftValue, { $json: answer })).toBe("running");

    const variables = {
      $execution: { id: "231" },
      $itemIndex: 0,
      $workflow: { name: "Leads" },
      $now: { toISO: () => new Date().toISOString() },
      $json: { score: 82, segment: "mid-market" },
      $: (name: string) => ({ item: { json: { node: name, message: 'a "quote"' } } }),
    };
    for (let attempt = 0; attempt < 2; attempt += 1) expect((await send(tell, variables)).ok).toBe(true);
    expect(await storedRun("lead-qualification")).toMatchObject({
      run_id: "n8n-231-0",
      inputs: { node: "Trigger", message: 'a "quote"' },
      outputs: { score: 82, segment: "mid-market" },
    });
  });
});

describe("make.md", () => {
  it("make.md sends a body that is stored as it is", async () => {
    const [sample = ""] = await blocksOf("make.md", "json");
    const body = { ...JSON.parse(sample), workflow: "make-leads" };
    expect((await sidecar.post("/v1/runs", body)).status).toBe(200);
    const stored = await storedRun("make-leads");
    expect(stored).toMatchObject({
      run_id: body.run_id,
      inputs: body.inputs,
      outputs: body.outputs,
      version: "7",
    });
    expect(Date.parse(stored.started_at)).toBe(Date.parse(body.started_at));
  });
});

describe("zapier.md", () => {
  /** Runs a code step as Zapier does: wrapped in an async function, with `inputData`, for its `output`. */
  async function runStep(code: string, inputData: Record<string, string>): Promise<unknown> {
    const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
    const source = `let output; ${code.replaceAll("https://evenkeel.example.com", sidecar.url)}; return output;`;
    return (await new AsyncFunction("inputData", source)(inputData)) as unknown;
  }

  it("zapier.md tells the run with its types put right, and asks the gate", async () => {
    const [tell = "", gate = ""] = await blocksOf("zapier.md", "js");
    const inputData = { id: "77", message: "Where is my card?", category: "", confidence: "0.91", key: "k" };
    expect(await runStep(tell, inputData)).toEqual({ run_id: "zapier-77", status: 200 });
    expect(await storedRun("ticket-triage")).toMatchObject({
      confidence: 0.91,
      inputs: { message: "Where is my card?" },
      outputs: { category: null },
    });
    expect(await runStep(gate, inputData)).toEqual({ state: "running" });
  });
});

function describePython(python: string): void {
  describe("python.md", () => {
    it("python.md tells runs and failures", async () => {
      const [program = ""] = await blocksOf("python.md", "python");
      const rest = `
def qualify(lead):
    return {"score": lead["seats"] * 2, "next_step": None}

observed({"name": "Ada \\"Ltd\\"", "seats": 41})
try:
    observed({"name": "no seats"})
except KeyError:
    pass
provider.shutdown()
`;
      const file = join(folder, "leads.py");
      await writeFile(file, program.replaceAll('"lead-qualification"', '"python-leads"') + rest);
      await run(python, [file], { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: sidecar.url } });
      await sidecar.app.parts.ingest.settle(true);
      await sidecar.app.parts.writer()?.flush();
      const { runs } = (await (await sidecar.get("/v1/runs?workflow=python-leads")).json()) as {
        runs: any[];
      };
      const byStatus = Object.fromEntries(runs.map((stored) => [stored.status, stored]));
      expect(byStatus.ok).toMatchObject({
        inputs: { name: 'Ada "Ltd"', seats: 41 },
        outputs: { score: 82, next_step: null },
      });
      expect(byStatus.error).toMatchObject({ inputs: { name: "no seats" }, error_type: "KeyError" });
    });
  });
}

describe("examples/quickstart.mjs", () => {
  it("examples/quickstart.mjs is ten lines or so, and its run arrives", async () => {
    const file = new URL("../../../examples/quickstart.mjs", import.meta.url);
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line.trim() !== "");
    expect(lines.length).toBeLessThanOrEqual(12);
    const { stderr } = await run(process.execPath, [file.pathname], {
      env: { ...process.env, EVENKEEL_ENDPOINT: sidecar.url },
    });
    expect(stderr).toBe("");
    expect(await storedRun("quickstart")).toMatchObject({
      source: "sdk",
      model: "my-model",
      confidence: 0.9,
      inputs: { text: "My card is not here yet" },
      outputs: { category: "delivery", language: "en" },
    });
  });
});

if (await has("jq", "--version")) describeShell();
const python = await pythonWith("opentelemetry.exporter.otlp.proto.http.trace_exporter");
if (python !== null) describePython(python);
