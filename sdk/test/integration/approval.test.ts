import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, type ClientWithCore, createClient } from "../../src/client.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: any) => void;

let server: Server;
let client: Client;
let handler: Handler;
let requests: { method: string; url: string; body: any }[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const isApproval = request.url?.startsWith("/v1/approvals") === true;
      const body = isApproval && text !== "" ? JSON.parse(text) : null;
      if (!isApproval) return void response.end();
      requests.push({ method: request.method ?? "", url: request.url ?? "", body });
      handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = createClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: "k",
  });
});

afterEach(async () => {
  await client.shutdown(1);
  await close();
});

function close(): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const answer = (response: ServerResponse, body: object, status = 200) =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const deadline = new Date(Date.now() + 3_600_000).toISOString();
const held = { state: "held", act: false, deadline };
const pay = { workflow: "invoices", action: "pay", payload: { amount: 1 }, id: "inv 1" };

/** Answers in turn; the last answer again and again. */
function script(...steps: Handler[]) {
  let at = 0;
  handler = (...args) => (steps[Math.min(at++, steps.length - 1)] as Handler)(...args);
}

describe("approval()", () => {
  it("lets act what no rule holds", async () => {
    script((_request, response) => answer(response, { state: "clear", act: true }));
    expect(await client.approval(pay)).toEqual({
      act: true,
      state: "clear",
      id: "inv 1",
      reason: "",
      actor: "",
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      method: "POST",
      body: {
        approval_id: "inv 1",
        workflow: "invoices",
        action: "pay",
        payload: { amount: 1 },
        hold: false,
      },
    });
  });

  it("waits by long polls under the same id until a person has decided", async () => {
    script(
      (_request, response) => answer(response, held),
      (_request, response) => answer(response, held),
      (_request, response) => answer(response, { state: "approved", act: true, reason: "ok", actor: "ann" }),
    );
    expect(await client.approval(pay)).toMatchObject({
      act: true,
      state: "approved",
      reason: "ok",
      actor: "ann",
    });
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "POST /v1/approvals",
      "GET /v1/approvals/inv%201?wait_seconds=25.000",
      "GET /v1/approvals/inv%201?wait_seconds=25.000",
    ]);
  });

  it.each(["rejected", "done_by_hand", "timed_out"])("does not act on what was %s", async (state) => {
    script((_request, response) => answer(response, { state, act: false }));
    expect(await client.approval(pay)).toMatchObject({ act: false, state });
  });

  it("acts after the deadline only where the sidecar says so", async () => {
    script((_request, response) => answer(response, { state: "timed_out", act: true }));
    expect(await client.approval(pay)).toMatchObject({ act: true, state: "timed_out" });
  });

  it("goes on through answers that are none, cut connections, and a sidecar that forgot the item", async () => {
    script(
      (_request, response) => answer(response, {}, 503),
      (_request, response) => answer(response, held),
      (_request, response) => void response.destroy(),
      (_request, response) => answer(response, {}, 404),
      (_request, response) => answer(response, held),
      (_request, response) => void response.end("<html>"),
      (_request, response) => answer(response, { state: "purple", act: true }),
      (_request, response) => answer(response, { state: "approved", act: true }),
    );
    expect(await client.approval(pay)).toMatchObject({ act: true, state: "approved" });
    expect(requests.map(({ method }) => method)).toEqual([
      "POST",
      "POST",
      "GET",
      "GET",
      "POST",
      "GET",
      "GET",
      "GET",
    ]);
  });

  const refusals = [
    { why: "a wrong key", status: 401, body: { error: { message: "Cannot answer without a valid key" } } },
    { why: "an id that stands for another act", status: 409, body: { error: { message: "Cannot ask" } } },
    { why: "a redirect", status: 302, body: {} },
  ];
  it.each(refusals)(
    "never acts on $why, whatever it was told to do when nothing is known",
    async ({ status, body }) => {
      script((_request, response) => answer(response, body, status));
      const settled = await client.approval({ ...pay, onUnknown: "act" });
      expect(settled).toMatchObject({ act: false, state: "refused" });
      expect(settled.reason).toContain(String(status));
    },
  );

  const away = [
    { why: "holds by default", onUnknown: undefined, act: false },
    { why: "acts if told so", onUnknown: "act" as const, act: true },
  ];
  it.each(away)("$why when the sidecar stays away", async ({ onUnknown, act }) => {
    await close();
    const settled = await client.approval({ ...pay, unreachableMs: 0, onUnknown });
    expect(settled).toMatchObject({ act, state: "unknown" });
  });

  it("does not act on an item that is known to be held when the sidecar goes away", async () => {
    script(
      (_request, response) => answer(response, { ...held, deadline: "1970-01-01T00:01:00Z" }),
      (_request, response) => void response.destroy(),
    );
    const settled = await client.approval({ ...pay, unreachableMs: 0, onUnknown: "act" });
    expect(settled).toMatchObject({ act: false, state: "unknown" });
  });

  it("only asks where the caller does not wait", async () => {
    script((_request, response) => answer(response, held));
    expect(await client.approval({ ...pay, waitMs: 0 })).toMatchObject({ act: false, state: "held" });
    expect(requests).toHaveLength(1);
  });

  it("lets go of everything that waits when the client shuts down, and never lets it act", async () => {
    const waits = new Promise<void>((resolve) => {
      script(
        (_request, response) => answer(response, held),
        () => resolve(),
      );
    });
    const asked = client.approval({ ...pay, onUnknown: "act" });
    await waits;
    await client.shutdown(1);
    expect(await asked).toMatchObject({ act: false, state: "held" });
  });

  it("says of the run in progress what it knows", async () => {
    script((_request, response) => answer(response, { state: "clear", act: true }));
    const work = client.observe(
      async (invoice: { total: number }) => {
        client.currentRun().confidence(0.7);
        await client.approval({ action: "pay", payload: invoice, error: new TypeError("no luck") });
        return client.currentRun().id;
      },
      { workflow: "invoices" },
    );
    const runId = await work({ total: 5 });
    expect(requests[0]?.body).toMatchObject({
      workflow: "invoices",
      run_id: runId,
      inputs: { total: 5 },
      confidence: 0.7,
      error: "TypeError: no luck",
    });
  });

  it("does not ask, and does not act, while a frozen input is answered", async () => {
    script((_request, response) => answer(response, { state: "clear", act: true }));
    const core = (client as ClientWithCore).core;
    const call = { caseId: "c", roundId: "r", runId: "x", run: null };
    expect((await core.canary.run(call, () => client.approval(pay))).act).toBe(false);
    expect(requests).toEqual([]);
  });

  const hostile = [
    {
      why: "a payload that cannot be read",
      more: {
        payload: {
          get amount() {
            throw new Error("host");
          },
        },
      },
    },
    {
      why: "an id that throws",
      more: {
        get id(): string {
          throw new Error("host");
        },
      },
    },
    { why: "a payload that is too large to be shown", more: { payload: "x".repeat(2_000_000) } },
    {
      why: "a note that throws",
      more: {
        get note(): string {
          throw new Error("host");
        },
      },
    },
  ];
  it.each(hostile)("never throws into its host: $why", async ({ more }) => {
    script((_request, response) => answer(response, held));
    const settled = await client.approval(
      Object.defineProperties({ ...pay, waitMs: 0 }, Object.getOwnPropertyDescriptors(more)),
    );
    expect(settled.act).toBe(false);
  });
});
