import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createGuard, type GuardedEnv, sessionCookie } from "../../../src/web/guard.ts";
import { createKeyring, hashKey, type KeyEntry } from "../../../src/web/keys.ts";
import { sessionMs } from "../../../src/web/session.ts";

const keys: KeyEntry[] = [
  { name: "sdk", sha256: hashKey("key-ingest"), scopes: ["ingest"] },
  { name: "rita", sha256: hashKey("key-review"), scopes: ["review"] },
  { name: "ada", sha256: hashKey("key-admin"), scopes: ["admin"] },
  { name: "prometheus", sha256: hashKey("key-metrics"), scopes: ["metrics"] },
];
const clock = { nowMs: () => 1_000_000 };

function build(entries: KeyEntry[]) {
  const guard = createGuard({ keyring: createKeyring(entries), secret: Buffer.alloc(32, 7), clock });
  const app = new Hono<GuardedEnv>();
  for (const scope of ["ingest", "review", "admin", "metrics"] as const) {
    app.all(`/${scope}`, guard.requireScope(scope), (c) => c.text(`hello ${c.get("visitor").name}`));
  }
  return { guard, app };
}

describe("guard.requireScope() with keys", () => {
  const { app, guard } = build(keys);
  const cases = [
    { key: "key-ingest", may: ["ingest"], why: "a key that can send runs reads nothing" },
    { key: "key-review", may: ["review", "metrics"], why: "a reviewer reads, and acts on nothing" },
    { key: "key-admin", may: ["review", "admin", "metrics"], why: "an admin does all but send runs" },
    { key: "key-metrics", may: ["metrics"], why: "a scraper reads metrics alone" },
    { key: "key-wrong", may: [], why: "a wrong key does nothing" },
    { key: "", may: [], why: "no key does nothing" },
  ];
  for (const { key, may, why } of cases) {
    for (const scope of ["ingest", "review", "admin", "metrics"]) {
      for (const method of ["GET", "POST"]) {
        const allowed = may.includes(scope);
        it(`${allowed ? "allows" : "refuses"} ${method} /${scope} with '${key}': ${why}`, async () => {
          const headers = key === "" ? {} : { authorization: `Bearer ${key}` };
          const { status } = await app.request(`/${scope}`, { method, headers });
          const known = keys.some((entry) => entry.sha256 === hashKey(key));
          expect(status).toBe(allowed ? 200 : known ? 403 : 401);
        });
      }
    }
  }

  const basic = [
    { why: "the key as password", given: "pk-none:key-ingest", status: 200 },
    { why: "the key as name", given: "key-ingest:", status: 401 },
    { why: "a wrong key", given: "pk-none:key-wrong", status: 401 },
    { why: "a key of another scope", given: ":key-admin", status: 403 },
    { why: "no colon", given: "key-ingest", status: 401 },
  ];
  it.each(basic)("answers $status to Basic authentication with $why", async ({ given, status }) => {
    const authorization = `Basic ${Buffer.from(given).toString("base64")}`;
    const answer = await app.request("/ingest", { method: "POST", headers: { authorization } });
    expect(answer.status).toBe(status);
  });

  it("sends a browser without a session to sign in, and back afterwards", async () => {
    const answer = await app.request("/review", { headers: { accept: "text/html" } });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/sign-in?to=%2Freview"]);
  });

  const ada = keys[2]!;
  const cookie = guard.sessions.open(ada, clock.nowMs());
  const csrf = guard.sessions.csrfToken(cookie);
  const sessions = [
    { why: "reads by cookie", method: "GET", cookie, headers: {}, status: 200 },
    {
      why: "acts with the token in a header",
      method: "POST",
      cookie,
      headers: { "x-evenkeel-csrf": csrf },
      status: 200,
    },
    { why: "refuses to act without a token", method: "POST", cookie, headers: {}, status: 403 },
    {
      why: "refuses another session's token",
      method: "POST",
      cookie,
      headers: { "x-evenkeel-csrf": "x" },
      status: 403,
    },
    {
      why: "refuses another site, token or not",
      method: "POST",
      cookie,
      headers: { "x-evenkeel-csrf": csrf, "sec-fetch-site": "cross-site" },
      status: 403,
    },
    {
      why: "refuses another origin, token or not",
      method: "POST",
      cookie,
      headers: { "x-evenkeel-csrf": csrf, origin: "https://evil.example" },
      status: 403,
    },
    { why: "refuses a forged cookie", method: "GET", cookie: `${cookie}x`, headers: {}, status: 401 },
    {
      why: "refuses an expired cookie",
      method: "GET",
      cookie: guard.sessions.open(ada, -sessionMs),
      headers: {},
      status: 401,
    },
  ];
  it.each(sessions)("$why", async ({ method, cookie: value, headers, status }) => {
    const answer = await app.request("/admin", {
      method,
      headers: { ...headers, cookie: `${sessionCookie}=${value}` },
    });
    expect(answer.status).toBe(status);
  });

  it("takes the token from a form", async () => {
    const form = (token: string) => ({
      method: "POST",
      body: new URLSearchParams({ csrf: token }),
      headers: { cookie: `${sessionCookie}=${cookie}` },
    });
    expect((await app.request("/admin", form(csrf))).status).toBe(200);
    expect((await app.request("/admin", form("wrong"))).status).toBe(403);
  });

  it("ends the session of a key that was removed", async () => {
    const fewer = build(keys.filter((entry) => entry !== ada)).app;
    const answer = await fewer.request("/admin", { headers: { cookie: `${sessionCookie}=${cookie}` } });
    expect(answer.status).toBe(401);
  });
});

describe("guard.requireScope() without keys", () => {
  const { app } = build([]);
  const cases = [
    { why: "allows localhost", headers: { host: "localhost:4318" }, method: "POST", status: 200 },
    { why: "allows 127.0.0.1", headers: { host: "127.0.0.1:4318" }, method: "POST", status: 200 },
    { why: "allows IPv6 loopback", headers: { host: "[::1]:4318" }, method: "POST", status: 200 },
    {
      why: "refuses a name rebound to loopback",
      headers: { host: "evil.example:4318" },
      method: "GET",
      status: 403,
    },
    {
      why: "refuses a lookalike name",
      headers: { host: "localhost.evil.example" },
      method: "GET",
      status: 403,
    },
    {
      why: "refuses an address that only starts like one",
      headers: { host: "127.0.0.1.evil.example" },
      method: "GET",
      status: 403,
    },
    {
      why: "refuses a form of another site",
      headers: { host: "localhost:4318", "sec-fetch-site": "cross-site" },
      method: "POST",
      status: 403,
    },
    {
      why: "refuses another port of this machine",
      headers: { host: "localhost:4318", "sec-fetch-site": "same-site" },
      method: "POST",
      status: 403,
    },
    {
      why: "refuses another origin where the browser does not name the site",
      headers: { host: "localhost:4318", origin: "http://localhost:3000" },
      method: "POST",
      status: 403,
    },
    {
      why: "refuses an opaque origin",
      headers: { host: "localhost:4318", origin: "null" },
      method: "POST",
      status: 403,
    },
    {
      why: "allows its own pages",
      headers: { host: "localhost:4318", origin: "http://localhost:4318", "sec-fetch-site": "same-origin" },
      method: "POST",
      status: 200,
    },
    {
      why: "allows links from elsewhere to read",
      headers: { host: "localhost:4318", "sec-fetch-site": "cross-site" },
      method: "GET",
      status: 200,
    },
  ];
  it.each(cases)("$why", async ({ headers, method, status }) => {
    const answer = await app.request("/admin", { method, headers: new Headers(headers) });
    expect(answer.status).toBe(status);
  });
});

describe("createKeyring()", () => {
  it("refuses a key that could both send runs and read", () => {
    expect(() =>
      createKeyring([{ name: "both", sha256: hashKey("k"), scopes: ["ingest", "review"] }]),
    ).toThrow("Cannot use key 'both': a key that can send runs can read nothing");
  });
});
