import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { environmentOf } from "../../sources/capture/sources.mjs";
import { blocksOf } from "../recipes/recipe.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";
import { deliver } from "./deliver.ts";
import { expectations } from "./expectations.ts";

let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar();
  for (const { source } of expectations) await deliver(source, sidecar.url);
  await sidecar.app.parts.ingest.settle(true);
  await sidecar.app.parts.writer()?.flush();
  // The programs themselves take a minute and a half.
}, 600_000);

afterAll(() => sidecar.stop());

async function receiptOf(workflow: string, status: string): Promise<any> {
  const answer = await sidecar.get(`/v1/runs?workflow=${workflow}&status=${status}`);
  const { runs } = (await answer.json()) as { runs: any[] };
  expect(runs).toHaveLength(1);
  return (await sidecar.get(`/v1/runs/${runs[0].run_id}`)).json();
}

describe("runs of instrumented applications", () => {
  it.each(expectations)("$source arrives complete, field by field", async (expected) => {
    const { source, run, deployed, steps, reviews = [], attributes = { environment: "test" } } = expected;
    const workflow = `triage-${source}`;
    const receipt = await receiptOf(workflow, "ok");
    expect(receipt).toMatchObject({ ...run, workflow });
    expect(receipt.run_id).toBe(receipt.trace_id);
    const settings = JSON.parse(receipt.deployed.settings || "{}");
    expect({ ...receipt.deployed, settings }).toMatchObject(deployed);
    // In any order: a tool and the call after it often start in the same millisecond.
    expect(receipt.steps).toEqual(expect.arrayContaining(steps.map((step) => expect.objectContaining(step))));
    expect(receipt.steps).toHaveLength(steps.length);
    expect(receipt.reviews).toMatchObject(reviews);
    expect(receipt.outcomes).toEqual([]);
    expect(receipt.attributes).toMatchObject({ service: "ticket-desk", ...attributes });
    expect(Date.parse(receipt.ended_at)).toBeGreaterThanOrEqual(Date.parse(receipt.started_at));
  });

  const failing = expectations.filter(({ failed }) => failed !== null);
  it.each(failing)("$source tells a failed run with its error", async ({ source, failed }) => {
    const workflow = `triage-${source}`;
    expect(await receiptOf(workflow, "error")).toMatchObject({ ...failed, workflow });
  });
});

describe("docs/recipes", () => {
  const pages = [
    { page: "opentelemetry-genai.md", source: "genai-python" },
    { page: "openinference.md", source: "openinference-js" },
    { page: "openllmetry.md", source: "openllmetry-js" },
    { page: "langfuse.md", source: "langfuse-python" },
    { page: "vercel-ai-sdk.md", source: "vercel-ai-js" },
  ];
  it.each(pages)("$page names the variables that its programs were told with", async ({ page, source }) => {
    const [block = ""] = await blocksOf(page, "");
    const environment = environmentOf(source, { otlpUrl: "http://localhost:4318", modelUrl: "" });
    const lines = block.trim().split("\n");
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const [name = "", value = ""] = line.split(/=(.*)/s);
      expect(environment, name).toHaveProperty(name);
      if (!name.startsWith("OTEL_RESOURCE") && !name.startsWith("OTEL_SERVICE"))
        expect(environment[name]).toBe(value);
    }
  });
});

describe("vercel-ai-js", () => {
  it.each(["stream", "object"])("tells a run of %s as one of its own", async (kind) => {
    expect(await receiptOf(`triage-vercel-ai-js-${kind}`, "ok")).toMatchObject({
      outputs: { category: "billing", urgency: "high" },
      input_tokens: 120,
      session_id: "conversation-7",
    });
  });
});
