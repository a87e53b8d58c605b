import { createClient } from "@evenkeel/sdk";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp } from "../../../src/app.ts";
import { configSchema } from "../../../src/config.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import { dataFolder } from "../../sidecar.ts";

// A Monday at nine, UTC.
const startMs = Date.UTC(2026, 9, 5, 9);
const folder = dataFolder();
let nowMs = startMs;
let app: App;
let url = "";

beforeAll(async () => {
  const config = configSchema.parse({
    data: folder.data,
    host: "127.0.0.1",
    port: 0,
    sweep_seconds: 600,
    workflows: {
      invoices: {
        compare: { total: { by: "number", tolerance: 0.01 }, summary: { by: "ignore" } },
        shadow: { decisions_min: 100, agreement_min: 0.9 },
      },
    },
  });
  app = await createApp({ config, clock: { nowMs: () => nowMs }, log: pino({ level: "silent" }) });
  url = await app.listen();
});

afterAll(async () => {
  await app.stop();
  folder.remove();
});

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(url + path, {
    method,
    headers: { "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, never> };
}

const send = (runs: object[]) => call("POST", "/v1/runs", runs);
const page = async (path: string) => (await fetch(url + path, { headers: { accept: "text/html" } })).text();

/** Lets minutes pass, so that what was sent is stored, read and judged. */
async function settle(passMs = 2 * minuteMs): Promise<void> {
  await app.parts.ingest.settle();
  nowMs += passMs;
  await app.parts.writer()?.flush();
  await app.parts.watch.sweep();
}

describe("shadow mode", () => {
  const workflow = "invoices";
  const shadow = (n: number, more: object = {}) => ({
    run_id: `shadow-${n}`,
    workflow,
    mode: "shadow",
    version: "v2",
    key: `INV-${n}`,
    outputs: { category: "it", total: 10 + n, summary: `An invoice ${n}` },
    ...more,
  });
  const verdict = async () => (await call("GET", `/v1/workflows/${workflow}/shadow`)).body;

  it("is ready once enough decisions agree, whether they came before, with or after their runs", async () => {
    for (let n = 0; n < 40; n += 1) {
      const decision = { workflow, key: `INV-${n}`, output: { category: "it", total: 10 + n } };
      expect((await call("POST", "/v1/decisions", decision)).status).toBe(202);
    }
    const output = (n: number) => ({ category: "it", total: 10 + n + 0.005 });
    await send(
      Array.from({ length: 120 }, (_, n) =>
        shadow(n, n < 40 || n >= 80 ? {} : { decision: { output: output(n) } }),
      ),
    );
    for (let n = 80; n < 110; n += 1)
      await call("POST", `/v1/runs/shadow-${n}/decision`, { output: output(n), reviewer: "ann" });
    await settle();
    expect(await verdict()).toMatchObject({
      ready: "pass",
      version: "v2",
      decisions: { seen: 110, needed: 100 },
      runs: { runs: 120, undecided: 10 },
      fields: [
        { field: "output.category", mark: "pass" },
        { field: "output.total", mark: "pass" },
      ],
    });
    expect(await page(`/workflows/${workflow}/shadow`)).toContain("Ready to switch on");
    await expect
      .poll(
        async () => {
          await app.parts.watch.sweep();
          return app.parts.journal.baselines.current(workflow);
        },
        { timeout: 20_000, interval: 250 },
      )
      .not.toBeNull();
  });

  it("is not ready once people decide otherwise, and says in which field and why", async () => {
    for (let n = 110; n < 120; n += 1)
      await call("POST", "/v1/decisions", {
        workflow,
        run_id: `shadow-${n}`,
        output: { category: "travel" },
        reason: "wrong category",
        note: "a flight",
      });
    await send(
      Array.from({ length: 30 }, (_, n) => shadow(200 + n, { decision: { output: { category: "rent" } } })),
    );
    await settle();
    const { ready, says, reasons, disagreements } = (await verdict()) as Record<string, unknown>;
    expect([ready, says]).toEqual([
      "fail",
      expect.stringMatching(/^Not ready: `output.category` agrees in 73 %/),
    ]);
    expect(reasons).toEqual(expect.arrayContaining([{ reason: "wrong category", decisions: 10 }]));
    expect(disagreements).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          differing: ["output.category"],
          note: "a flight",
          decided: { category: "travel" },
        }),
      ]),
    );
    // More disagreement than there was is a drift like any other.
    const incidents = app.parts.journal.incidents.list({ workflow, states: ["open"] });
    expect(incidents.flatMap(({ signals }) => signals.map(({ signal }) => signal.kind))).toContain(
      "shadow_disagreement",
    );
    const shadowed = incidents.find(({ signals }) =>
      signals.some(({ signal }) => signal.kind === "shadow_disagreement"),
    );
    expect(shadowed?.exampleRunIds.every((id) => Number(id.slice("shadow-".length)) >= 110)).toBe(true);
    expect(shadowed?.baselineRunIds.every((id) => Number(id.slice("shadow-".length)) < 110)).toBe(true);
    const { body } = await call("GET", "/v1/runs/shadow-110");
    expect(body).toMatchObject({ key: "INV-110", decisions: [{ reason: "wrong category" }] });
  });

  it("counts no run of it as live, and judges a new version by its own decisions", async () => {
    await send([shadow(300, { version: "v3", decision: { output: { category: "it" } } })]);
    await settle();
    expect(await verdict()).toMatchObject({
      version: "v3",
      decisions: { seen: 1, mark: "not enough yet" },
      drift: { mark: "fail" },
    });
    const buckets = await app.parts.store.readBuckets({
      workflow,
      fromMs: startMs,
      toMs: nowMs,
      stepMs: minuteMs,
    });
    expect(new Set(buckets.map(({ kind }) => kind))).toEqual(new Set(["shadow_disagreement"]));
  });
});

describe("canary", () => {
  const workflow = "triage";
  const client = () => createClient({ endpoint: url });
  let model = "gpt-a";
  let answer: (text: string) => string = (text) => (text.length % 2 === 0 ? "billing" : "card");
  const round = async (sdk = client()) => {
    const triage = sdk.observe(
      async ({ text }: { text: string }) => {
        sdk.currentRun().model(model, "fp_1");
        return { category: answer(text), confidence: 0.5 };
      },
      { workflow, version: "v1" },
    );
    const said = await sdk.canary(workflow, triage);
    await sdk.shutdown();
    await settle(hourMs);
    return said;
  };

  it("says what is missing before inputs are frozen", async () => {
    expect(await round()).toMatchObject({
      outcome: "failed",
      says: expect.stringContaining("no frozen inputs"),
    });
  });

  it("pins the first answers, and finds the next ones the same", async () => {
    const cases = Array.from({ length: 12 }, (_, n) => ({
      case_id: `c${n}`,
      inputs: { text: "x".repeat(n) },
    }));
    const frozen = await call("POST", `/v1/workflows/${workflow}/canary/cases`, { actor: "ann", cases });
    expect(frozen.status).toBe(200);
    expect(await round()).toMatchObject({ outcome: "pinned", models: ["gpt-a"] });
    expect(await round()).toMatchObject({ outcome: "same" });
    const buckets = await app.parts.store.readBuckets({
      workflow,
      fromMs: startMs,
      toMs: nowMs,
      stepMs: minuteMs,
    });
    expect(buckets).toEqual([]);
    const { body } = await call("GET", `/v1/runs?workflow=${workflow}`);
    expect((body as unknown as { runs: object[] }).runs[0]).toMatchObject({ mode: "canary" });
  });

  it("catches a provider that changed the model, opens an incident that names it, and sees it end", async () => {
    model = "gpt-b";
    answer = () => "card";
    expect(await round()).toMatchObject({
      outcome: "differs",
      says: "The answers differ from the pinned ones in output.category, model",
    });
    const open = () => app.parts.journal.incidents.list({ workflow, states: ["open"] });
    expect(open()).toMatchObject([
      { cause: { layer: "model", change: { before: "gpt-a", after: "gpt-b" } } },
    ]);
    expect(open()[0]?.signals.map(({ signal }) => signal.kind)).toEqual(["canary_delta", "canary_delta"]);
    expect(await page(`/workflows/${workflow}/canary`)).toContain("gpt-b");
    model = "gpt-a";
    answer = (text) => (text.length % 2 === 0 ? "billing" : "card");
    expect(await round()).toMatchObject({ outcome: "same" });
    expect(open()).toEqual([]);
  });

  it("learns noise from repeated answers and does not take it for a change", async () => {
    const noisy = "noisy";
    await call("POST", `/v1/workflows/${noisy}/canary/cases`, {
      actor: "ann",
      cases: Array.from({ length: 15 }, (_, n) => ({ case_id: `c${n}`, inputs: { n } })),
    });
    let calls = 0;
    const sdk = client();
    const outcomes = [];
    for (let turn = 0; turn < 4; turn += 1) {
      calls += 1;
      // Every third answer or so is another one.
      const said = await sdk.canary(noisy, () => ({ tone: (calls++ * 7) % 10 < 3 ? "warm" : "cool" }));
      outcomes.push(said.outcome);
      nowMs += dayMs;
    }
    await sdk.shutdown();
    expect(outcomes).toEqual(["pinned", "same", "same", "same"]);
  });

  it("keeps the answers of workflows apart that name their rounds and inputs alike", async () => {
    const answers = [{ case_id: "c0", outputs: "x" }];
    for (const name of ["alike-a", "alike-b"]) {
      const path = `/v1/workflows/${name}/canary`;
      await call("POST", `${path}/cases`, { actor: "ann", cases: [{ case_id: "c0", inputs: 1 }] });
      await call("POST", `${path}/rounds`, { round_id: "nightly", answers });
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    for (const name of ["alike-a", "alike-b"])
      expect(metrics).toContain(`evenkeel_runs_total{workflow="${name}",status="ok"} 1`);
  });

  it("keeps a round once, refuses strangers, and pins anew when it is told to", async () => {
    const path = `/v1/workflows/${workflow}/canary`;
    const answers = [{ case_id: "c0", outputs: { category: "other" } }];
    const first = await call("POST", `${path}/rounds`, { round_id: "r-1", answers });
    const again = await call("POST", `${path}/rounds`, { round_id: "r-1", answers });
    expect(again.body).toEqual(first.body);
    const stranger = { round_id: "r-2", answers: [{ case_id: "nobody", outputs: 1 }] };
    expect((await call("POST", `${path}/rounds`, stranger)).status).toBe(400);
    expect((await call("POST", `${path}/repin`, { actor: "ann", reason: "a new prompt" })).status).toBe(200);
    expect((await round()).outcome).toBe("pinned");
    answer = () => "loan";
    expect((await round()).outcome).toBe("differs");
    const open = () => app.parts.journal.incidents.list({ workflow, states: ["open"] });
    expect(open()).toHaveLength(1);
    await call("POST", `${path}/repin`, { actor: "ann", reason: "loans are new" });
    expect(open()).toEqual([]);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/evenkeel_drift\{workflow="triage",signal="canary_delta".*\} 1/);
    await round();
    expect(await (await fetch(`${url}/metrics`)).text()).not.toMatch(
      /evenkeel_drift\{workflow="triage",signal="canary_delta"/,
    );
  });
});

describe("outcomes and versions", () => {
  const workflow = "leads";
  const live = (n: number, version: string, output: object) => ({
    run_id: `lead-${n}`,
    workflow,
    version,
    key: `CRM-${n}`,
    inputs: { n },
    outputs: output,
  });

  it("joins outcomes by key, and shows their rates with intervals beside the signals of the same week", async () => {
    nowMs = Math.ceil(nowMs / (7 * dayMs)) * 7 * dayMs;
    for (let n = 0; n < 10; n += 1)
      await call("POST", "/v1/outcomes", { workflow, key: `CRM-${n}`, name: "converted", value: n < 4 });
    await send(Array.from({ length: 60 }, (_, n) => live(n, "v1", { score: n % 5, vendor: "acme" })));
    await call("POST", "/v1/outcomes", { workflow, run_id: "lead-11", name: "revenue", value: 200 });
    await call("POST", "/v1/outcomes", { workflow, key: "CRM-12", name: "revenue", value: 100 });
    await call("POST", "/v1/outcomes", { workflow, key: "CRM-13", name: "disputed", value: true });
    await settle();
    const { body } = await call("GET", `/v1/workflows/${workflow}/outcomes?count=2`);
    const { outcomes, signals } = body as unknown as {
      outcomes: { name: string; of: string; cohorts: { value: number }[] }[];
      signals: { kind: string }[];
    };
    const last = (name: string) => outcomes.find((one) => one.name === name)?.cohorts.at(-1);
    expect(last("converted")).toMatchObject({ runs: 60, known: 10, value: 0.4 });
    expect(last("revenue")).toMatchObject({ known: 2, value: 150 });
    // Nobody ever says that an invoice was not disputed.
    expect(last("disputed")).toMatchObject({ known: 1, value: 1 / 60 });
    expect(signals.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["volume", "errors"]));
    expect(await page(`/workflows/${workflow}/outcomes`)).toContain("converted");
  });

  it("sets a new version's first runs against the last that was good, on every signal", async () => {
    expect(await page(`/workflows/${workflow}/versions`)).toContain("the only version so far");
    nowMs += hourMs;
    await send(Array.from({ length: 60 }, (_, n) => live(100 + n, "v2", { score: n % 5, vendor: "" })));
    await settle();
    const { body } = await call("GET", `/v1/workflows/${workflow}/versions`);
    const { current, last_good, against, rollout, versions } = body as unknown as {
      [name: string]: string;
      rollout: never;
      versions: never;
    };
    expect([current, last_good, against]).toEqual(["v2", "v1", "v1"]);
    expect(rollout).toMatchObject({ version: "v2", verdict: "differs", runs: 60 });
    const [newest] = versions as { signals: { kind: string; field: string; verdict: string }[] }[];
    expect(
      newest?.signals.find(({ kind, field }) => kind === "null_rate" && field === "output.vendor"),
    ).toMatchObject({
      verdict: "differs",
      value: { value: 1, runs: 60 },
      against: { value: 0, runs: 60 },
    });
    expect(
      newest?.signals.find(({ kind, field }) => kind === "null_rate" && field === "output.score"),
    ).toMatchObject({
      verdict: "same",
    });
    const html = await page(`/workflows/${workflow}/versions?version=v2&against=v1`);
    expect(html).toContain("Rolling out");
    expect(html).toContain("v2 against v1");
  });
});
