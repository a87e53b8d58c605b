import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Sidecar, startSidecar } from "./sidecar.ts";

const payloads = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'><svg/onload=alert(1)>",
  "javascript:alert(1)",
  "</textarea><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "${alert(1)} {{constructor.constructor('alert(1)')()}}",
  "<!--><script>alert(1)</script>-->",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
];
const evil = payloads.join(" ");

let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar();
  await sidecar.send([
    {
      run_id: "run-<evil>\"'&",
      workflow: "<b>evil</b>",
      inputs: { [evil.slice(0, 80)]: evil, text: evil },
      outputs: { note: evil, list: [evil, { deep: evil }] },
      error: { type: evil.slice(0, 60), message: evil, stack: evil },
      version: evil.slice(0, 60),
      prompt: evil,
      model: evil.slice(0, 60),
      attributes: { [evil.slice(0, 40)]: evil },
      outcomes: [{ name: evil.slice(0, 60), value: true }],
      steps: [
        {
          name: evil.slice(0, 60),
          kind: "tool",
          inputs: evil,
          outputs: evil,
          error: { type: "E", message: evil },
        },
      ],
    },
    {
      run_id: "shadow-<evil>",
      workflow: "<b>evil</b>",
      mode: "shadow",
      version: evil.slice(0, 60),
      key: evil.slice(0, 60),
      outputs: { note: evil },
      decision: { output: { note: "x", [evil.slice(0, 40)]: 1 }, reason: evil, note: evil, reviewer: evil },
    },
  ]);
  const canary = `/v1/workflows/${encodeURIComponent("<b>evil</b>")}/canary`;
  const cases = [{ case_id: "c", inputs: { text: evil }, outputs: { [evil.slice(0, 40)]: evil } }];
  await sidecar.post(`${canary}/cases`, { actor: evil.slice(0, 60), cases });
  for (const round_id of ["r1", "r2", evil.slice(0, 60)]) {
    const answers = Array.from({ length: 9 }, () => ({
      case_id: "c",
      outputs: evil,
      model: evil.slice(0, 190),
      fingerprint: evil.slice(0, 190),
    }));
    await sidecar.post(`${canary}/rounds`, { round_id, answers });
  }
  const review = {
    verdict: "edited",
    output: { note: evil },
    reason: evil,
    note: evil,
    reviewer: evil.slice(0, 60),
  };
  await sidecar.post(`/v1/runs/${encodeURIComponent("run-<evil>\"'&")}/review`, review);
  await sidecar.post("/v1/runs", { inputs: evil });
  await sidecar.app.parts.writer()?.flush();
  await sidecar.post(`/v1/workflows/${encodeURIComponent("<b>evil</b>")}/pause`, {
    actor: evil.slice(0, 60),
    reason: evil,
  });
  await vi.waitFor(async () => expect(await sidecar.page("/")).toContain("&lt;b&gt;evil"), 10_000);
  await sidecar.app.parts.filler.audit("<b>evil</b>");
});

afterAll(() => sidecar.stop());

const workflow = `/workflows/${encodeURIComponent("<b>evil</b>")}`;
const receipt = `/runs/${encodeURIComponent("run-<evil>\"'&")}`;
const pages = [
  "/",
  "/incidents",
  "/runs",
  `/runs?field=${encodeURIComponent(evil)}&workflow=${encodeURIComponent(evil)}&value=${encodeURIComponent(evil)}`,
  receipt,
  "/rejects",
  `/rejects?said=${encodeURIComponent(evil)}`,
  workflow,
  `${workflow}/signals/null_rate?field=${encodeURIComponent(evil)}`,
  `${workflow}/scorecard`,
  `${workflow}/report`,
  `${workflow}/shadow`,
  `${workflow}/outcomes`,
  `${workflow}/versions?version=${encodeURIComponent(evil)}&against=${encodeURIComponent(evil)}`,
  `${workflow}/canary?said=${encodeURIComponent(evil)}`,
  `/runs/${encodeURIComponent("shadow-<evil>")}`,
];

/** The page's markup alone: attribute values are quoted and escaped, so that emptying them leaves tags as they are. */
const markup = (page: string) => page.replaceAll(/="[^"]*"/g, '=""');

describe("pages", () => {
  it.each(pages)("%s shows hostile data as text", async (path) => {
    const page = await sidecar.page(path);
    expect(page).not.toMatch(/<script(?! src="\/static\/)/i);
    expect(markup(page)).not.toMatch(/<[^>]+\son\w+=/i);
    expect(page).not.toMatch(/<(img|svg\/|b>)/i);
    expect(page).not.toMatch(/(href|src|action)="javascript:/i);
  });

  it.each(pages)("%s has no inline script or style and a strict policy", async (path) => {
    const answer = await sidecar.get(path, { accept: "text/html" });
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const page = await answer.text();
    expect(page).not.toMatch(/\sstyle=/);
    expect(page).not.toMatch(/<style/);
    expect(page).not.toMatch(/(href|src)="(https?:)?\/\//);
  });

  it("shows hostile data of a claimed run as text", async () => {
    const name = await fetch(`${sidecar.url}/review`, { headers: { cookie: "evenkeel_name=ann" } });
    const page = await name.text();
    expect(page).toContain("&lt;script&gt;");
    expect(page).not.toMatch(/<script(?! src="\/static\/)/i);
    expect(markup(page)).not.toMatch(/<[^>]+\son\w+=/i);
  });

  it("finds a run by its id", async () => {
    const answer = await sidecar.get(`/runs?q=${encodeURIComponent("run-<evil>\"'&")}`);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, receipt]);
  });

  it("says so where nothing is known", async () => {
    const paths = ["/runs/none", "/incidents/none", "/approvals/none", "/workflows/none"];
    for (const path of [...paths, `${workflow}/signals/odd`]) {
      const answer = await sidecar.get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).toContain("There is no");
    }
    const body = new URLSearchParams({ actor: "ada", decision: "approve" });
    const forms = ["/approvals/none/decision", "/incidents/none/acknowledge", "/incidents/none/resolve"];
    for (const path of [...forms, "/incidents/none/snooze"]) {
      const answer = await fetch(sidecar.url + path, { method: "POST", body });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).toContain("There is no");
    }
  });

  it("answers a page with a way home where there is none, and JSON to programs", async () => {
    const page = await fetch(`${sidecar.url}/no/<such>`, { headers: { accept: "text/html,*/*" } });
    expect(page.status).toBe(404);
    const html = await page.text();
    expect(html).toContain("<title>Not known · Evenkeel</title>");
    expect(html).toContain('<a href="/">Go to the overview</a>');
    expect(html).toContain('<nav aria-label="Main">');
    expect(html).not.toContain("<such>");
    const programs = [
      { path: "/v1/nothing", init: { headers: { accept: "text/html" } } },
      { path: "/nothing", init: { headers: { accept: "application/json" } } },
      { path: "/runs", init: { method: "DELETE" } },
      { path: "/v1/forget", init: {} },
    ];
    for (const { path, init } of programs) {
      const answer = await fetch(sidecar.url + path, init);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(((await answer.json()) as any).error.message).toContain(path);
    }
  });

  it("tells a person what could not be done", async () => {
    const answer = await fetch(`${sidecar.url}${workflow}/resume`, {
      method: "POST",
      body: new URLSearchParams({ actor: "ada", reason: "" }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("Cannot resume: &#39;reason&#39; must say why");
  });

  it("pauses and resumes by form, and comes back to the page", async () => {
    const act = (action: string) =>
      fetch(`${sidecar.url}${workflow}/${action}`, {
        method: "POST",
        body: new URLSearchParams({ actor: "ada", reason: "because" }),
        redirect: "manual",
      });
    const resumed = await act("resume");
    expect([resumed.status, resumed.headers.get("location")]).toEqual([303, workflow]);
    expect(sidecar.app.parts.journal.pauses.get("<b>evil</b>").state).toBe("running");
    await act("pause");
    expect(sidecar.app.parts.journal.pauses.get("<b>evil</b>").state).toBe("paused");
  });
});

describe("the review page", () => {
  it("takes an answer by form, offers to undo it, and hands the run out again", async () => {
    const headers = { cookie: "evenkeel_name=bob" };
    await sidecar.send([
      { run_id: "plain-invoice-17", workflow: "plain", inputs: { a: 1 }, outputs: { total: 5, name: "x" } },
    ]);
    await sidecar.app.parts.filler.audit("plain");
    const read = async () => (await fetch(`${sidecar.url}/review?workflow=plain`, { headers })).text();
    expect(await read()).toContain('action="/review/plain-invoice-17"');
    const form = {
      workflow: "plain",
      verdict: "edited",
      reason: "wrong value",
      "field:/total": "7",
      "field:/name": "x",
    };
    const post = (path: string, body: Record<string, string>) =>
      fetch(`${sidecar.url}${path}`, {
        method: "POST",
        headers,
        body: new URLSearchParams(body),
        redirect: "manual",
      });
    expect((await post("/review/plain-invoice-17", form)).status).toBe(303);
    expect(await read()).toContain('Undo <span class="mono">plain-invoice-17</span>');
    await post("/review/undo", { workflow: "plain" });
    expect(await read()).toContain('action="/review/plain-invoice-17"');
    await post("/review/plain-invoice-17", form);
    await sidecar.app.parts.desk.settle(true);
    expect((await post("/review/undo", { workflow: "plain" })).status).toBe(400);
    await sidecar.app.parts.writer()?.flush();
    const stored = (await (await sidecar.get("/v1/runs/plain-invoice-17")).json()) as any;
    expect(stored.reviews).toMatchObject([
      {
        verdict: "edited",
        reviewer: "bob",
        reason: "wrong value",
        chosen_by: "targeted",
        output: { total: 7, name: "x" },
      },
    ]);
  });
});
