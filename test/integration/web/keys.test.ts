import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashKey } from "../../../src/web/keys.ts";
import { type Sidecar, startSidecar } from "./sidecar.ts";

let sidecar: Sidecar;

beforeAll(async () => {
  sidecar = await startSidecar({
    keys: [
      { name: "sdk", sha256: hashKey("k-ingest"), scopes: ["ingest"] },
      { name: "rita", sha256: hashKey("k-review"), scopes: ["review"] },
      { name: "ada", sha256: hashKey("k-admin"), scopes: ["admin"] },
    ],
  });
});

afterAll(() => sidecar.stop());

// What each scope may call. Anything else is 401 without a key and 403 with one.
const routes: { call: string; may: ("ingest" | "review" | "admin")[] }[] = [
  { call: "POST /v1/traces", may: ["ingest"] },
  { call: "POST /v1/logs", may: ["ingest"] },
  { call: "POST /v1/metrics", may: ["ingest"] },
  { call: "POST /v1/runs", may: ["ingest"] },
  { call: "POST /v1/runs/r/review", may: ["ingest", "review", "admin"] },
  { call: "POST /v1/runs/r/outcome", may: ["ingest", "review", "admin"] },
  { call: "GET /v1/workflows/w/gate", may: ["ingest", "review", "admin"] },
  { call: "GET /openapi.json", may: ["ingest", "review", "admin"] },
  ...[
    "GET /v1/runs",
    "GET /v1/runs/r",
    "GET /v1/workflows",
    "GET /v1/workflows/w",
    "GET /v1/workflows/w/baselines",
    "GET /v1/incidents",
    "GET /v1/incidents/i",
    "GET /v1/reviews/next",
    "GET /metrics",
    "GET /",
    "GET /incidents",
    "GET /incidents/i",
    "GET /runs",
    "GET /runs/r",
    "GET /review",
    "GET /rejects",
    "GET /workflows/w",
    "GET /workflows/w/scorecard",
    "GET /workflows/w/report",
    "GET /v1/workflows/w/report",
    "GET /v1/workflows/w/scorecard",
    "GET /v1/workflows/w/shadow",
    "GET /v1/workflows/w/outcomes",
    "GET /v1/workflows/w/versions",
    "GET /v1/workflows/w/canary",
    "GET /workflows/w/shadow",
    "GET /workflows/w/canary",
    "GET /workflows/w/signals/null_rate",
    "POST /review/name",
    "POST /review/undo",
    "POST /review/r",
  ].map((call) => ({ call, may: ["review" as const, "admin" as const] })),
  ...[
    "POST /v1/workflows/w/pause",
    "POST /v1/workflows/w/resume",
    "POST /v1/workflows/w/baseline",
    "POST /v1/incidents/i/acknowledge",
    "POST /v1/incidents/i/snooze",
    "POST /v1/incidents/i/resolve",
    "POST /workflows/w/pause",
    "POST /workflows/w/resume",
    "POST /workflows/w/baseline",
    "POST /workflows/w/audit",
    "POST /incidents/i/acknowledge",
    "POST /incidents/i/snooze",
    "POST /incidents/i/resolve",
    "POST /deliveries/retry",
    "POST /rejects/x/replay",
  ].map((call) => ({ call, may: ["admin" as const] })),
];

async function call(line: string, key: string): Promise<number> {
  const [method = "", path = ""] = line.split(" ");
  const headers = {
    ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
    "content-type": "application/json",
  };
  const body = method === "POST" ? "{}" : null;
  const answer = await fetch(sidecar.url + path, { method, headers, body, redirect: "manual" });
  await answer.arrayBuffer();
  return answer.status;
}

describe("every route and scope", () => {
  for (const { call: line, may } of routes) {
    it(`${line} is for ${may.join(", ")}`, async () => {
      expect(await call(line, "")).toBe(401);
      expect(await call(line, "k-wrong")).toBe(401);
      for (const scope of ["ingest", "review", "admin"] as const) {
        const status = await call(line, `k-${scope}`);
        if (may.includes(scope)) expect([401, 403]).not.toContain(status);
        else expect(status).toBe(403);
      }
    });
  }

  it.each(["GET /healthz", "GET /readyz", "GET /sign-in", "GET /static/evenkeel.css"])(
    "%s needs no key",
    async (line) => {
      expect(await call(line, "")).toBe(200);
    },
  );

  it("tells an ingest key the state of a gate and nothing more", async () => {
    const admin = { authorization: "Bearer k-admin" };
    await sidecar.post("/v1/workflows/w/pause", { actor: "ada", reason: "names a field" }, admin);
    const answer = await sidecar.get("/v1/workflows/w/gate", { authorization: "Bearer k-ingest" });
    expect(await answer.json()).toMatchObject({ state: "paused", reason: "", incident_id: "" });
  });
});

describe("signing in", () => {
  const signIn = (key: string, to = "/runs", headers: Record<string, string> = {}) =>
    fetch(`${sidecar.url}/sign-in`, {
      method: "POST",
      headers,
      body: new URLSearchParams({ key, to }),
      redirect: "manual",
    });

  it("gives a strict, script-proof cookie and returns to the page", async () => {
    const answer = await signIn("k-admin");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/runs"]);
    const cookie = answer.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    const session = cookie.split(";")[0] ?? "";
    expect((await sidecar.get("/runs", { cookie: session })).status).toBe(200);
    const unsigned = await fetch(`${sidecar.url}/workflows/w/pause`, {
      method: "POST",
      headers: { cookie: session },
      body: new URLSearchParams({ actor: "ada", reason: "x" }),
    });
    expect(unsigned.status).toBe(403);
  });

  it.each(["k-wrong", "k-ingest", ""])("refuses '%s'", async (key) => {
    const answer = await signIn(key);
    expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
  });

  it.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])(
    "does not send people to %s",
    async (to) => {
      expect((await signIn("k-admin", to)).headers.get("location")).toBe("/");
    },
  );

  it("refuses a form of another site", async () => {
    expect((await signIn("k-admin", "/", { "sec-fetch-site": "cross-site" })).status).toBe(403);
  });

  it("asks once more from this site when a link elsewhere was followed", async () => {
    // fetch() sets these headers itself.
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", accept: "text/html" };
    const sent = request(`${sidecar.url}/incidents/i`, { headers }).end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect(await text(answer)).toContain('http-equiv="refresh"');
  });
});
