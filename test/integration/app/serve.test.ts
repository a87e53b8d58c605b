import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crowd } from "../../crowd.ts";
import { dataFolder, eventually, runCommand, type Sidecar, startSidecar } from "../../sidecar.ts";

const json = { "content-type": "application/json" };

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: json,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("serve", () => {
  const folder = dataFolder();
  let sidecar: Sidecar;
  beforeAll(async () => {
    sidecar = await startSidecar(folder.data);
  });
  afterAll(async () => {
    await sidecar.stop();
    folder.remove();
  });

  const receipt = (id: string) =>
    eventually(async () => {
      const response = await fetch(`${sidecar.url}/v1/runs/${id}`);
      return response.ok && ((await response.json()) as any);
    });

  it("shows a run and its review in the receipt, as the README says", async () => {
    const run = {
      run_id: "demo-1",
      workflow: "invoice-extraction",
      inputs: { text: "Invoice 17, Acme Ltd, 120.00" },
      outputs: { vendor: "Acme Ltd", total: 120 },
    };
    const sent = await post(`${sidecar.url}/v1/runs`, run);
    expect(await sent.json()).toEqual({ runs: [{ run_id: "demo-1", status: "accepted" }] });
    const review = {
      verdict: "edited",
      output: { vendor: "Acme Limited", total: 120 },
      reason: "wrong name",
    };
    expect((await post(`${sidecar.url}/v1/runs/demo-1/review`, review)).status).toBe(200);
    const found = await eventually(async () => {
      const one = await receipt("demo-1");
      return one.reviews.length > 0 && one;
    });
    expect(found).toMatchObject({ inputs: run.inputs, outputs: run.outputs, workflow: "invoice-extraction" });
    expect(found.reviews[0]).toMatchObject({
      verdict: "edited",
      output: review.output,
      reason: "wrong name",
    });
    const page = await (await fetch(`${sidecar.url}/runs/demo-1`)).text();
    expect(page).toContain("Acme Limited");
  });

  it("shows every field of a first run on the workflow's page, with the runs it still needs", async () => {
    await post(`${sidecar.url}/v1/runs`, {
      workflow: "first-run",
      inputs: { a: "x" },
      outputs: { tier: "gold", score: 3 },
    });
    const state = await eventually(async () => {
      const response = await fetch(`${sidecar.url}/v1/workflows/first-run`);
      const body = (await response.json()) as any;
      return response.ok && body.signals.length > 0 && body;
    });
    const fields = new Set(state.signals.map((signal: any) => signal.field));
    expect([...fields]).toEqual(expect.arrayContaining(["input.a", "output.tier", "output.score"]));
    expect(new Set(state.signals.map((signal: any) => signal.verdict))).toEqual(new Set(["insufficient"]));
  });

  it("answers the gate for a workflow that it has never seen", async () => {
    const gate = await fetch(`${sidecar.url}/v1/workflows/unheard-of/gate`);
    expect(await gate.json()).toMatchObject({ workflow: "unheard-of", state: "running" });
  });

  it("pauses and resumes by hand, with a reason in the audit", async () => {
    const url = `${sidecar.url}/v1/workflows/by-hand`;
    await post(`${url}/pause`, { actor: "ana", reason: "wrong totals" });
    expect(await (await fetch(`${url}/gate`)).json()).toMatchObject({
      state: "paused",
      reason: "wrong totals",
    });
    await post(`${url}/resume`, { actor: "ana", reason: "fixed" });
    expect(await (await fetch(`${url}/gate`)).json()).toMatchObject({ state: "running" });
  });

  it("counts the connections that it refuses", async () => {
    const sockets = await crowd(Number(new URL(sidecar.url).port), 2_003);
    await eventually(async () => sockets.filter(({ destroyed }) => destroyed).length >= 3);
    for (const socket of sockets) socket.destroy();
    const metrics = await eventually(async () =>
      (await fetch(`${sidecar.url}/metrics`).catch(() => null))?.text(),
    );
    expect(metrics).toMatch(/^evenkeel_refused_total\{reason="connections"\} \d+$/m);
  });

  it("keeps good runs beside bad ones", async () => {
    const runs = [
      { run_id: "good-1", workflow: "mixed", inputs: {}, outputs: { a: 1 } },
      { run_id: "bad-1", inputs: {} },
      {
        run_id: "good-2",
        workflow: "mixed",
        inputs: {},
        outputs: { a: "text now", deep: { er: [1, { x: null }] } },
      },
    ];
    const { runs: answers } = (await (await post(`${sidecar.url}/v1/runs`, runs)).json()) as any;
    expect(answers.map((answer: any) => answer.status)).toEqual(["accepted", "rejected", "accepted"]);
    expect((await receipt("good-2")).outputs).toEqual({ a: "text now", deep: { er: [1, { x: null }] } });
  });

  it("acknowledges a run id that exists, and keeps the first", async () => {
    await post(`${sidecar.url}/v1/runs`, { run_id: "twice", workflow: "w", inputs: {}, outputs: { n: 1 } });
    const again = await post(`${sidecar.url}/v1/runs`, {
      run_id: "twice",
      workflow: "w",
      inputs: {},
      outputs: { n: 2 },
    });
    expect(await again.json()).toEqual({ runs: [{ run_id: "twice", status: "duplicate" }] });
    expect((await receipt("twice")).outputs).toEqual({ n: 1 });
  });

  const hostile: {
    why: string;
    body: string | Uint8Array<ArrayBuffer>;
    headers?: Record<string, string>;
    path?: string;
    status: number;
  }[] = [
    { why: "malformed JSON", body: "{", status: 400 },
    { why: "NaN, which is not JSON", body: '{"workflow":"w","inputs":{},"outputs":NaN}', status: 400 },
    { why: "another content type", body: "a=1", headers: { "content-type": "text/plain" }, status: 415 },
    {
      why: "malformed protobuf",
      body: new Uint8Array([255, 255, 255]),
      headers: { "content-type": "application/x-protobuf" },
      path: "/v1/traces",
      status: 400,
    },
    {
      why: "a gzip bomb",
      body: new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      path: "/v1/traces",
      status: 413,
    },
    { why: "a body over the limit", body: `{"a":"${"x".repeat(21 * 1024 * 1024)}"}`, status: 413 },
  ];
  it.each(hostile)("answers $status to $why", async ({ body, headers, path, status }) => {
    const response = await fetch(sidecar.url + (path ?? "/v1/runs"), {
      method: "POST",
      headers: headers ?? json,
      body,
    });
    expect(response.status).toBe(status);
    expect((await fetch(`${sidecar.url}/healthz`)).status).toBe(200);
  });

  it("survives odd values and keeps what it can of them", async () => {
    const tenThousand = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`field_${n}`, n]));
    const runs = [
      {
        run_id: "big-number",
        workflow: "odd",
        inputs: {},
        outputs: { n: 1 },
        started_at: "2001-01-01T00:00:00Z",
      },
      { run_id: "many-fields", workflow: "odd", inputs: {}, outputs: tenThousand },
      { run_id: "huge-value", workflow: "odd", inputs: {}, outputs: { text: "y".repeat(10 * 1024 * 1024) } },
      { run_id: "surrogate", workflow: "odd", inputs: {}, outputs: { text: "half an emoji \ud83d" } },
    ];
    for (const run of runs) {
      const body = JSON.stringify(run).replace('"n":1', '"n":9007199254740993123');
      expect((await post(`${sidecar.url}/v1/runs`, body)).status).toBe(200);
    }
    expect(JSON.stringify((await receipt("big-number")).outputs)).toContain("9007199254740993123");
    expect((await receipt("surrogate")).outputs.text).toBe("half an emoji \ufffd");
    expect(JSON.stringify((await receipt("huge-value")).outputs).length).toBeLessThan(100_000);
    await receipt("many-fields");
  });

  it("refuses requests that another site made a browser send", async () => {
    const response = await fetch(`${sidecar.url}/v1/workflows/w/pause`, {
      method: "POST",
      headers: { ...json, origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      body: JSON.stringify({ actor: "x", reason: "y" }),
    });
    expect(response.status).toBe(403);
  });

  it("says so when a second process wants the same data folder", async () => {
    const second = await runCommand(["serve", "--data", folder.data, "--port", "0"]);
    expect(second.code).toBe(2);
    expect(second.output).toMatch(/another process/);
  });

  it("says so when the port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const other = dataFolder();
    const refused = await runCommand(["serve", "--data", other.data, "--port", String(port)]);
    taken.close();
    other.remove();
    expect(refused.code).toBe(2);
    expect(refused.output).toContain(`'port' ${port}`);
  });

  it("ends with 2 and names key, rule and value on a bad configuration", async () => {
    const file = join(folder.data, "bad.yaml");
    writeFileSync(file, "limits: { fields_per_workflow_max: -3 }\n");
    const refused = await runCommand(["serve", "--config", file, "--port", "0"]);
    expect(refused.code).toBe(2);
    expect(refused.output).toContain("'limits.fields_per_workflow_max' must be at least 1, got -3");
    expect(refused.output).not.toContain("listens");
  });

  it("refuses to listen beyond loopback without keys", async () => {
    const other = dataFolder();
    const refused = await runCommand(["serve", "--data", other.data, "--port", "0"], {
      EVENKEEL_HOST: "0.0.0.0",
    });
    other.remove();
    expect(refused.code).toBe(2);
    expect(refused.output).toContain("'host' must be a loopback address");
  });
});

it("serve stops on SIGTERM with 0 and keeps what it was given", async () => {
  const folder = dataFolder();
  const first = await startSidecar(folder.data);
  await post(`${first.url}/v1/runs`, { run_id: "kept", workflow: "w", inputs: { a: 1 }, outputs: { b: 2 } });
  expect(await first.stop()).toBe(0);
  const second = await startSidecar(folder.data);
  const response = await fetch(`${second.url}/v1/runs/kept`);
  expect(((await response.json()) as any).outputs).toEqual({ b: 2 });
  await second.stop();
  folder.remove();
});
