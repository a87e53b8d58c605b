import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataFolder, type Sidecar, startSidecar } from "../../sidecar.ts";

const scopes = ["ingest", "review", "admin", "metrics"] as const;
type Scope = (typeof scopes)[number];

const keyOf = (scope: Scope) => `key-of-${scope}`;
const sends: Scope[] = ["ingest"];
const labels: Scope[] = ["ingest", "review", "admin"];
const reads: Scope[] = ["review", "admin"];
const acts: Scope[] = ["admin"];
const scrapes: Scope[] = ["review", "admin", "metrics"];

/** Every route of the built sidecar and who may call it; `null`: everyone. */
const routes: Record<string, Scope[] | null> = {
  "POST /v1/traces": sends,
  "POST /v1/logs": sends,
  "POST /v1/metrics": sends,
  "POST /v1/runs": sends,
  "POST /v1/runs/{run_id}/review": labels,
  "POST /v1/runs/{run_id}/outcome": labels,
  "POST /v1/runs/{run_id}/decision": labels,
  "POST /v1/outcomes": labels,
  "POST /v1/decisions": labels,
  "GET /v1/workflows/{workflow}/gate": labels,
  "POST /v1/approvals": labels,
  "GET /v1/approvals/{approval_id}": labels,
  "GET /openapi.json": labels,
  "GET /v1/runs": reads,
  "GET /v1/runs/{run_id}": reads,
  "GET /v1/workflows": reads,
  "GET /v1/workflows/{workflow}": reads,
  "GET /v1/workflows/{workflow}/baselines": reads,
  "GET /v1/workflows/{workflow}/scorecard": reads,
  "GET /v1/workflows/{workflow}/history": reads,
  "GET /v1/workflows/{workflow}/shadow": reads,
  "GET /v1/workflows/{workflow}/outcomes": reads,
  "GET /v1/workflows/{workflow}/versions": reads,
  "GET /v1/workflows/{workflow}/canary": reads,
  "POST /v1/workflows/{workflow}/canary/rounds": reads,
  "GET /v1/workflows/{workflow}/report": reads,
  "GET /v1/incidents": reads,
  "GET /v1/incidents/{incident_id}": reads,
  "GET /v1/reviews/next": reads,
  "GET /v1/approvals": reads,
  "POST /v1/approvals/{approval_id}/decision": reads,
  "GET /": reads,
  "GET /incidents": reads,
  "GET /incidents/x": reads,
  "GET /runs": reads,
  "GET /runs/x": reads,
  "GET /review": reads,
  "GET /approvals": reads,
  "GET /approvals/x": reads,
  "POST /approvals/x/decision": reads,
  "GET /rejects": reads,
  "GET /workflows/x": reads,
  "GET /workflows/x/scorecard": reads,
  "GET /workflows/x/signals/volume": reads,
  "GET /workflows/x/shadow": reads,
  "GET /workflows/x/outcomes": reads,
  "GET /workflows/x/versions": reads,
  "GET /workflows/x/canary": reads,
  "POST /review/name": reads,
  "POST /review/undo": reads,
  "POST /review/x": reads,
  "POST /sign-out": reads,
  "POST /v1/forget": acts,
  "POST /v1/workflows/{workflow}/pause": acts,
  "POST /v1/workflows/{workflow}/resume": acts,
  "POST /v1/workflows/{workflow}/baseline": acts,
  "POST /v1/incidents/{incident_id}/acknowledge": acts,
  "POST /v1/incidents/{incident_id}/snooze": acts,
  "POST /v1/incidents/{incident_id}/resolve": acts,
  "POST /v1/workflows/{workflow}/canary/cases": acts,
  "POST /v1/workflows/{workflow}/canary/repin": acts,
  "DELETE /v1/workflows/{workflow}/canary/cases/{case_id}": acts,
  "POST /workflows/x/canary/repin": acts,
  "POST /workflows/x/pause": acts,
  "POST /workflows/x/resume": acts,
  "POST /workflows/x/baseline": acts,
  "POST /workflows/x/audit": acts,
  "POST /incidents/x/acknowledge": acts,
  "POST /incidents/x/snooze": acts,
  "POST /incidents/x/resolve": acts,
  "POST /deliveries/retry": acts,
  "POST /rejects/x/replay": acts,
  "GET /metrics": scrapes,
  "GET /healthz": null,
  "GET /readyz": null,
  "GET /sign-in": null,
  "GET /static/evenkeel.css": null,
};

const locked = dataFolder();
const open = dataFolder();
let sidecar: Sidecar;
let unlocked: Sidecar;

beforeAll(async () => {
  const config = join(locked.data, "evenkeel.json");
  const keys = scopes.map((scope) => ({
    name: scope,
    sha256: createHash("sha256").update(keyOf(scope)).digest("hex"),
    scopes: [scope],
  }));
  writeFileSync(config, JSON.stringify({ keys, host: "127.0.0.1" }));
  sidecar = await startSidecar(locked.data, ["--config", config]);
  unlocked = await startSidecar(open.data);
});

afterAll(async () => {
  await Promise.all([sidecar.stop(), unlocked.stop()]);
  locked.remove();
  open.remove();
});

/** Sends a request with any headers, also those that `fetch` keeps for itself. */
async function send(
  base: string,
  route: string,
  headers: Record<string, string> = {},
  body = "{}",
): Promise<{ status: number; headers: IncomingMessage["headers"] }> {
  const [method = "", path = ""] = route.replaceAll(/\{\w+\}/g, "x").split(" ");
  const sent = request(base + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    agent: false,
  });
  sent.end(method === "POST" ? body : undefined);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  return { status: answer.statusCode ?? 0, headers: answer.headers };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const refusals = [401, 403];

describe("with keys", () => {
  it.each(Object.entries(routes))("%s is for %s", async (route, may) => {
    for (const key of ["", "key-of-nobody", "__proto__"]) {
      const { status } = await send(sidecar.url, route, key === "" ? {} : bearer(key));
      if (may === null) expect(status).toBe(200);
      else expect([route, key, status]).toEqual([route, key, 401]);
    }
    for (const scope of scopes) {
      const { status } = await send(sidecar.url, route, bearer(keyOf(scope)));
      const isAllowed = may === null || may.includes(scope);
      if (isAllowed) expect([scope, refusals.includes(status)]).toEqual([scope, false]);
      else expect([scope, status]).toEqual([scope, 403]);
      if (isAllowed) expect(status).toBeLessThan(500);
    }
  });

  it("the table holds every call that /openapi.json knows", async () => {
    const answer = await fetch(`${sidecar.url}/openapi.json`, { headers: bearer(keyOf("review")) });
    const { paths } = (await answer.json()) as { paths: Record<string, object> };
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(calls.filter((call) => !(call in routes) && call !== "POST /slack/actions")).toEqual([]);
  });

  it.each(["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD"])(
    "%s reads and does nothing",
    async (method) => {
      for (const route of Object.keys(routes)) {
        const path = route.split(" ")[1] ?? "";
        const { status } = await send(sidecar.url, `${method} ${path}`, bearer(keyOf("ingest")));
        const isFree = routes[route] === null || routes[route] === labels;
        if (!isFree || method !== "HEAD") expect([route, status >= 400]).toEqual([route, true]);
      }
    },
  );

  it.each([
    ["a key in the query", { path: "/v1/runs?key=key-of-admin", headers: {} }],
    ["another scheme", { path: "/v1/runs", headers: { authorization: "Basic key-of-admin" } }],
    ["a key with more behind it", { path: "/v1/runs", headers: bearer("key-of-admin x") }],
    [
      "the key's own hash",
      { path: "/v1/runs", headers: bearer(createHash("sha256").update("key-of-admin").digest("hex")) },
    ],
    ["a forged cookie", { path: "/v1/runs", headers: { cookie: "evenkeel_session=a.9999999999999.b" } }],
    ["a doubled slash", { path: "//v1/runs", headers: {} }],
    ["a path with dots", { path: "/healthz/../v1/runs", headers: {} }],
    ["an encoded path", { path: "/v1%2fruns", headers: {} }],
    [
      "a header that a proxy sets",
      { path: "/v1/runs", headers: { "x-original-url": "/healthz", "x-forwarded-for": "127.0.0.1" } },
    ],
    [
      "another method by header",
      { path: "/healthz", headers: { "x-http-method-override": "POST" }, status: 200 },
    ],
  ])(
    "is not let in by %s",
    async (_why, given: { path: string; headers: Record<string, string>; status?: number }) => {
      const { status } = await send(sidecar.url, `GET ${given.path}`, given.headers);
      if (given.status === undefined) expect([401, 404]).toContain(status);
      else expect(status).toBe(given.status);
    },
  );

  it("refuses Slack presses without a signature", async () => {
    expect((await send(sidecar.url, "POST /slack/actions")).status).toBe(401);
  });

  it.each(["POST /slack/actions", "POST /sign-in"])(
    "%s reads a bounded body, also one without a length",
    async (route) => {
      const huge = "x".repeat(3 * 1024 * 1024);
      const form = { "content-type": "application/x-www-form-urlencoded", connection: "close" };
      expect(
        (await send(sidecar.url, route, { ...form, "content-length": String(huge.length) }, huge)).status,
      ).toBe(413);
    },
  );
});

describe("without keys", () => {
  it.each(["", "null", "[]", '"x"', "{", '{"actor":5}', '{"reason":{}}', "[".repeat(10_000)])(
    "POST /v1/workflows/x/pause answers 400 to the body %s",
    async (body) => {
      expect((await send(unlocked.url, "POST /v1/workflows/x/pause", {}, body)).status).toBe(400);
    },
  );

  it.each(Object.keys(routes))("%s answers this machine only, and no other site", async (route) => {
    const here = await send(unlocked.url, route);
    expect(refusals).not.toContain(here.status);
    expect(here.status).toBeLessThan(500);
    if (routes[route] === null) return;
    expect((await send(unlocked.url, route, { host: "evil.example" })).status).toBe(403);
    if (!route.startsWith("POST")) return;
    for (const foreign of [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ])
      expect((await send(unlocked.url, route, foreign)).status).toBe(403);
  });

  it.each(["POST /v1/runs", "POST /v1/workflows/x/pause"])(
    "%s refuses what a form of another site could send without asking",
    async (route) => {
      for (const type of [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
      ]) {
        const { status } = await send(
          unlocked.url,
          route,
          { "content-type": type },
          '{"actor":"a","reason":"b"}',
        );
        expect([400, 403, 415]).toContain(status);
      }
      const gate = await fetch(`${unlocked.url}/v1/workflows/x/gate`);
      expect(await gate.json()).toMatchObject({ state: "running" });
    },
  );
});
