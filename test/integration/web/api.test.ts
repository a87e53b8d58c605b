import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Sidecar, startSidecar } from "./sidecar.ts";

let sidecar: Sidecar;
const workflow = "invoice extraction/é";
const path = encodeURIComponent(workflow);

beforeAll(async () => {
  sidecar = await startSidecar({
    workflows: {
      [workflow]: { owner: "team@example.test", contract: { outputs: { vendor: { required: true } } } },
    },
  });
  await sidecar.send([
    {
      run_id: "run-1",
      workflow,
      inputs: { text: "Invoice 17 of Acme", big: "9007199254740993" },
      outputs: { vendor: null, total: 12.5 },
      confidence: 0.4,
      model: "gpt-5-mini",
      prompt: "Extract the fields",
      steps: [{ name: "lookup", kind: "tool", inputs: { q: "Acme" }, outputs: [], retries: 2 }],
    },
    { run_id: "run-2", workflow, inputs: { text: "x" }, error: { type: "TypeError", message: "no luck" } },
    { run_id: "run-3", workflow, inputs: { text: "y" }, outputs: { vendor: "Acme", total: 3 } },
  ]);
  await sidecar.post("/v1/runs/run-1/review", {
    verdict: "edited",
    output: { vendor: "Acme", total: 12.5 },
    reason: "missing value",
    reviewer: "rita",
  });
  await sidecar.post("/v1/runs/run-1/outcome", { name: "invoice_disputed", value: false });
  await sidecar.app.parts.writer()?.flush();
  await vi.waitFor(async () => expect((await sidecar.get(`/v1/workflows/${path}`)).status).toBe(200), 10_000);
});

afterAll(() => sidecar.stop());

const json = async (from: string) => (await sidecar.get(from)).json() as Promise<any>;

describe("GET /v1/runs/:run_id", () => {
  it("tells the whole story of a run", async () => {
    const receipt = await json("/v1/runs/run-1");
    expect(receipt).toMatchObject({
      run_id: "run-1",
      workflow,
      status: "ok",
      confidence: 0.4,
      inputs: { text: "Invoice 17 of Acme", big: "9007199254740993" },
      outputs: { vendor: null, total: 12.5 },
      findings: [{ field: "output.vendor", rule: "required" }],
      deployed: { prompt: "Extract the fields", model: "gpt-5-mini" },
    });
    expect(receipt.steps).toMatchObject([
      { name: "lookup", kind: "tool", retries: 2, inputs: { q: "Acme" } },
    ]);
    expect(receipt.reviews).toMatchObject([
      { verdict: "edited", reviewer: "rita", output: { vendor: "Acme", total: 12.5 } },
    ]);
    expect(receipt.outcomes).toMatchObject([{ name: "invoice_disputed", value: false }]);
  });

  it("answers 404 for a run that is not known", async () => {
    const answer = await sidecar.get("/v1/runs/none");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      error: { message: "Cannot find run 'none': one that was just sent is there a second or two later" },
    });
  });
});

describe("GET /v1/runs", () => {
  const cases = [
    { why: "finds by status", query: "status=error", ids: ["run-2"] },
    { why: "finds by text", query: "q=of Acme", ids: ["run-1"] },
    { why: "finds by field and value", query: "field=output.vendor&value=Acme", ids: ["run-3"] },
    { why: "finds by workflow", query: `workflow=${path}`, ids: ["run-1", "run-2", "run-3"] },
    { why: "finds nothing of another workflow", query: "workflow=other", ids: [] },
    { why: "takes quotes and wildcards as text", query: "q=%25' OR 1=1 --", ids: [] },
  ];
  it.each(cases)("$why", async ({ query, ids }) => {
    const { runs } = await json(`/v1/runs?${query}`);
    expect(runs.map((run: any) => run.run_id).sort()).toEqual(ids);
  });

  it("walks through pages without loss or repetition", async () => {
    const first = await json("/v1/runs?limit=2");
    const second = await json(`/v1/runs?limit=2&cursor=${encodeURIComponent(first.cursor)}`);
    const ids = [...first.runs, ...second.runs].map((run: any) => run.run_id);
    expect(ids.sort()).toEqual(["run-1", "run-2", "run-3"]);
  });

  const refusals = [
    { query: "limit=9000", names: "'limit'" },
    { query: "status=odd", names: "'status'" },
    { query: "from=yesterday", names: "'from'" },
    { query: "colour=red", names: "'colour'" },
    { query: "cursor=nonsense", names: "cursor" },
  ];
  it.each(refusals)("answers 400 to $query and names it", async ({ query, names }) => {
    const answer = await sidecar.get(`/v1/runs?${query}`);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as any).error.message).toContain(names);
  });
});

describe("/v1/workflows", () => {
  it("lists workflows with state and owner", async () => {
    const { workflows } = await json("/v1/workflows");
    expect(workflows).toMatchObject([
      { workflow, owner: "team@example.test", state: "running", open_incidents: [] },
    ]);
  });

  it("says of each signal that there is not enough data yet", async () => {
    await vi.waitFor(async () => {
      const { signals } = await json(`/v1/workflows/${path}`);
      for (const signal of signals) expect(signal.verdict).toBe("insufficient");
    });
  });

  it("pauses and resumes with actor and reason, and the gate follows at once", async () => {
    const running = await json(`/v1/workflows/${path}/gate`);
    expect(running).toEqual({ workflow, state: "running", since: null, reason: "", incident_id: "" });
    const paused = await sidecar.post(`/v1/workflows/${path}/pause`, { actor: "ada", reason: "odd totals" });
    expect(await paused.json()).toMatchObject({ state: "paused", reason: "odd totals" });
    expect(await json(`/v1/workflows/${path}/gate`)).toMatchObject({ state: "paused", reason: "odd totals" });
    expect((await sidecar.post(`/v1/workflows/${path}/resume`, { actor: "ada" })).status).toBe(400);
    await sidecar.post(`/v1/workflows/${path}/resume`, { actor: "ada", reason: "fixed" });
    expect(await json(`/v1/workflows/${path}/gate`)).toMatchObject({ state: "running" });
  });

  it("answers the gate of a workflow that was never seen", async () => {
    expect(await json("/v1/workflows/new/gate")).toMatchObject({ workflow: "new", state: "running" });
  });

  it("refuses to act for nobody", async () => {
    const answer = await sidecar.post(`/v1/workflows/${path}/pause`, { reason: "x" });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { error: { message: "Cannot act: 'actor' must name a person, got ''" } },
    ]);
  });

  const baselines = [
    { body: { action: "forget", actor: "ada" }, names: "'action'" },
    { body: { action: "pin", actor: "ada" }, names: "'from'" },
    { body: { action: "pin", actor: "ada", from: "2026-02-01", to: "2026-01-01" }, names: "'from'" },
    { body: { action: "accept", actor: "ada" }, names: "nothing to accept" },
  ];
  it.each(baselines)("refuses the baseline request $body", async ({ body, names }) => {
    const answer = await sidecar.post(`/v1/workflows/${path}/baseline`, body);
    expect(answer.status).toBe(400);
    expect(((await answer.json()) as any).error.message).toContain(names);
  });
});

describe("/v1/incidents", () => {
  it("lists none, and answers 404 for one that is not known", async () => {
    expect(await json("/v1/incidents")).toEqual({ incidents: [] });
    expect((await sidecar.get("/v1/incidents/none")).status).toBe(404);
    expect((await sidecar.post("/v1/incidents/none/resolve", { actor: "ada" })).status).toBe(404);
  });
});

describe("GET /v1/reviews/next", () => {
  it("claims the run that asks for eyes, and gives the next person another", async () => {
    await sidecar.app.parts.filler.fill();
    const ann = await json("/v1/reviews/next?reviewer=ann");
    const bob = await json("/v1/reviews/next?reviewer=bob");
    expect(ann.receipt.run_id).toBe(ann.run_id);
    expect(bob.run_id).not.toBe(ann.run_id);
  });

  it("answers 204 when no run waits", async () => {
    expect((await sidecar.get("/v1/reviews/next?reviewer=ann&workflow=other")).status).toBe(204);
  });

  it("refuses to claim for nobody", async () => {
    expect((await sidecar.get("/v1/reviews/next")).status).toBe(400);
  });
});

describe("GET /metrics", () => {
  it("passes promtool, and names what DESIGN.md names", async () => {
    const body = await (await sidecar.get("/metrics")).text();
    expect(() =>
      execFileSync("promtool", ["check", "metrics"], {
        input: body.replaceAll(/^nodejs.*$/gm, "").replaceAll(/^# (HELP|TYPE) nodejs.*$/gm, ""),
      }),
    ).not.toThrow();
    for (const name of [
      "runs_total",
      "reviews_total",
      "spool_bytes",
      "runs_received_total",
      "runs_stored_total",
    ]) {
      expect(body).toContain(`\nevenkeel_${name}`);
    }
  });

  it("answers OpenMetrics to those who ask for it", async () => {
    const answer = await sidecar.get("/metrics", { accept: "application/openmetrics-text" });
    expect(answer.headers.get("content-type")).toContain("application/openmetrics-text");
    expect((await answer.text()).endsWith("# EOF\n")).toBe(true);
  });
});

describe("GET /openapi.json", () => {
  it("describes every call of DESIGN 4.2 under the right method", async () => {
    const { openapi, paths } = await json("/openapi.json");
    expect(openapi).toBe("3.1.0");
    const calls = Object.entries(paths as Record<string, object>).flatMap(([at, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${at}`),
    );
    for (const call of [
      "POST /v1/traces",
      "POST /v1/logs",
      "POST /v1/metrics",
      "POST /v1/runs",
      "GET /v1/runs",
      "GET /v1/runs/{run_id}",
      "POST /v1/runs/{run_id}/review",
      "POST /v1/runs/{run_id}/outcome",
      "GET /v1/workflows",
      "GET /v1/workflows/{workflow}",
      "GET /v1/workflows/{workflow}/gate",
      "POST /v1/workflows/{workflow}/pause",
      "POST /v1/workflows/{workflow}/resume",
      "POST /v1/workflows/{workflow}/baseline",
      "GET /v1/incidents",
      "GET /v1/incidents/{incident_id}",
      "POST /v1/incidents/{incident_id}/acknowledge",
      "POST /v1/incidents/{incident_id}/snooze",
      "POST /v1/incidents/{incident_id}/resolve",
      "GET /v1/reviews/next",
    ]) {
      expect(calls).toContain(call);
    }
  });
});
