import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../sidecar.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

const keys = { sender: "k-ingest", ann: "k-review", boss: "k-admin" };
const scopes = { sender: ["ingest"], ann: ["review"], boss: ["admin"] };
let sidecar: Sidecar;
let slack: Server;
const messages: any[] = [];

beforeAll(async () => {
  slack = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      messages.push(JSON.parse(body));
      response.end("ok");
    });
  });
  await new Promise<void>((resolve) => slack.listen(0, "127.0.0.1", resolve));
  const { port } = slack.address() as AddressInfo;
  sidecar = await startSidecar({
    public_url: "https://keel.example.test",
    routes: { slack: { webhook_url: `http://127.0.0.1:${port}/hook` } },
    keys: Object.entries(keys).map(([name, key]) => ({
      name,
      sha256: createHash("sha256").update(key).digest("hex"),
      scopes: scopes[name as keyof typeof scopes],
    })),
    workflows: {
      invoices: { owner: "invoices-team@example.test" },
      tickets: {
        contract: { outputs: { category: { allowed: ["card", "loan"] } } },
        approval: { hard_stops: { confidence_below: 0.8, input_incomplete: true, topics: { money: [] } } },
      },
    },
  });
});

afterAll(async () => {
  await sidecar.stop();
  slack.close();
});

const as = (key: string) => ({ authorization: `Bearer ${key}` });
const ask = async (body: object, key = keys.sender) => {
  const answer = await sidecar.post("/v1/approvals", body, as(key));
  return { status: answer.status, body: (await answer.json()) as any };
};
const read = async (id: string, query = "", key = keys.ann) => {
  const answer = await sidecar.get(`/v1/approvals/${encodeURIComponent(id)}${query}`, as(key));
  return { status: answer.status, body: (await answer.json()) as any };
};
const decide = async (id: string, body: object, key = keys.ann) => {
  const path = `/v1/approvals/${encodeURIComponent(id)}/decision`;
  const answer = await sidecar.post(path, body, as(key));
  return { status: answer.status, body: (await answer.json()) as any };
};
const pay = {
  workflow: "invoices",
  action: "pay the invoice",
  payload: { amount: 120, mail: "jane@example.test" },
};

describe("POST /v1/approvals", () => {
  it("holds an item, tells people nothing of its payload, and acts on a person's word", async () => {
    const asked = await ask({
      ...pay,
      approval_id: "inv/1",
      note: "Pay it in the bank's portal",
      error: "HTTP 500",
    });
    expect(asked).toMatchObject({ status: 200, body: { approval_id: "inv/1", state: "held", act: false } });
    expect(asked.body).toMatchObject({ payload: null, note: "", error: "", reasons: [] });
    const message = await eventually(async () => messages[0]);
    expect(message.text).toContain("invoices: held for approval");
    expect(JSON.stringify(message)).toContain("https://keel.example.test/approvals/inv%2F1");
    expect(JSON.stringify(message)).not.toMatch(/120|jane/);

    const waiting = read("inv/1", "?wait_seconds=50", keys.sender);
    const decided = await decide("inv/1", { decision: "approve", reason: "checked" });
    expect(decided.body).toMatchObject({ state: "approved", act: true, actor: "ann", reason: "checked" });
    expect(decided.body.payload).toEqual({ amount: 120, mail: expect.stringMatching(/^\[email:/) });
    expect((await waiting).body).toMatchObject({ state: "approved", act: true, reason: "", payload: null });
    expect((await ask({ ...pay, approval_id: "inv/1" })).body).toMatchObject({
      state: "approved",
      act: true,
    });
    expect((await decide("inv/1", { decision: "reject" })).status).toBe(409);
  });

  it("refuses an id that stands for another act", async () => {
    await ask({ ...pay, approval_id: "inv-2" });
    const other = await ask({ ...pay, approval_id: "inv-2", payload: { amount: 9999 } });
    expect(other.status).toBe(409);
    expect(other.body.error.message).toContain("stands for another");
  });

  it("refuses names that no link can hold: one such item would hide the page of all others", async () => {
    for (const name of ["half an emoji \ud83d", "a NUL \0"]) {
      for (const member of ["approval_id", "workflow", "run_id"]) {
        const asked = await ask({ ...pay, approval_id: "inv-6", [member]: name });
        expect(asked).toMatchObject({
          status: 400,
          body: { error: { message: expect.stringContaining("well-formed") } },
        });
      }
    }
    expect((await sidecar.get("/approvals", as(keys.ann))).status).toBe(200);
  });

  it("lets pass what no hard stop holds", async () => {
    const harmless = {
      workflow: "tickets",
      action: "answer",
      payload: { category: "card" },
      inputs: { text: "hello" },
      confidence: 0.9,
    };
    const clear = await ask({ ...harmless, approval_id: "t-0" });
    expect(clear.body).toEqual({
      approval_id: "t-0",
      workflow: "tickets",
      action: "answer",
      state: "clear",
      act: true,
    });
    expect((await read("t-0")).status).toBe(404);
    const stops = [
      { more: { confidence: 0.5 }, reason: "confidence 0.5 is below 0.8" },
      { more: { payload: { category: "other" } }, reason: "contract broken: output.category (allowed)" },
      { more: { inputs: { text: "" } }, reason: "input incomplete: input.text" },
      { more: { action: "refund the customer" }, reason: "topic: money" },
    ];
    for (const [index, { more, reason }] of stops.entries()) {
      const id = `t-${index + 1}`;
      expect((await ask({ ...harmless, ...more, approval_id: id })).body).toMatchObject({
        state: "held",
        act: false,
      });
      expect((await read(id)).body.reasons).toEqual([reason]);
    }
  });

  const bad = [
    { why: "no action", body: { workflow: "w" }, says: "'action'" },
    { why: "an unknown key", body: { ...pay, amount: 1 }, says: "'amount'" },
    { why: "a confidence that is none", body: { ...pay, confidence: 7 }, says: "'confidence'" },
    { why: "an empty id", body: { ...pay, approval_id: " " }, says: "'approval_id'" },
  ];
  it.each(bad)("refuses $why", async ({ body, says }) => {
    const answer = await ask(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain(says);
  });
});

describe("approvals by scope", () => {
  it("lets a sender ask and hear the state, and nothing else", async () => {
    await ask({ ...pay, approval_id: "inv-3" });
    expect((await read("inv-3", "", keys.sender)).body).toMatchObject({
      state: "held",
      payload: null,
      action: "",
    });
    expect((await decide("inv-3", { decision: "approve" }, keys.sender)).status).toBe(403);
    expect((await sidecar.get("/v1/approvals", as(keys.sender))).status).toBe(403);
    expect((await sidecar.post("/v1/approvals", pay)).status).toBe(401);
    expect((await read("inv-3")).body).toMatchObject({ state: "held", payload: { amount: 120 } });
  });

  it("lists what asks for a person, the nearest deadline first", async () => {
    const answer = await sidecar.get("/v1/approvals?workflow=invoices", as(keys.ann));
    const { approvals } = (await answer.json()) as any;
    expect(approvals.map((one: any) => one.approval_id)).toEqual(["inv-2", "inv-3"]);
  });

  it("answers 404 for what was never held", async () => {
    expect((await read("nope", "?wait_seconds=50")).status).toBe(404);
    expect((await decide("nope", { decision: "approve" })).status).toBe(404);
  });
});

describe("approvals as signals", () => {
  it("counts each decision once, as rate, wait and time-out, and shows the queue", async () => {
    await decide("inv-2", { decision: "reject", reason: "not ours" });
    const { store, approvals, writer } = sidecar.app.parts;
    await approvals.settle();
    await approvals.settle();
    await writer()?.flush();
    const rows = await eventually(async () => {
      const found = await store.query<{ kind: string; bin: string; n: string }>(
        `SELECT kind, if(kind = 'approval_wait', '#', bin) AS bin, toString(sum(n)) AS n FROM rollups
         WHERE workflow = 'invoices' AND kind LIKE 'approval%' GROUP BY kind, bin ORDER BY kind, bin`,
      );
      return found.length >= 4 ? found : null;
    });
    expect(rows).toEqual([
      { kind: "approval_rate", bin: "no", n: "1" },
      { kind: "approval_rate", bin: "yes", n: "1" },
      { kind: "approval_timeouts", bin: "no", n: "2" },
      { kind: "approval_wait", bin: "#", n: "2" },
    ]);
    const metrics = await (await sidecar.get("/metrics", as(keys.boss))).text();
    expect(metrics).toContain('evenkeel_approval_queue{workflow="invoices"} 1');
    expect(metrics).toContain('evenkeel_approvals_total{workflow="invoices",state="approved"} 1');
    expect(metrics).toContain('evenkeel_approvals_total{workflow="tickets",state="clear"} 1');
  });
});
