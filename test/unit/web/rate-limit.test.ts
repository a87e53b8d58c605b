import { Hono } from "hono";
import { expect, it } from "vitest";
import { createGuard, type GuardedEnv } from "../../../src/web/guard.ts";
import { createKeyring, hashKey, type KeyEntry } from "../../../src/web/keys.ts";

const keys: KeyEntry[] = [
  { name: "slow", sha256: hashKey("slow"), scopes: ["review"], requests_per_second: 3 },
  { name: "other", sha256: hashKey("other"), scopes: ["review"], requests_per_second: 3 },
  { name: "free", sha256: hashKey("free"), scopes: ["review"], requests_per_second: 0 },
];

function build() {
  let nowMs = 0;
  const limited: string[] = [];
  const guard = createGuard({
    keyring: createKeyring(keys),
    secret: Buffer.alloc(32, 7),
    clock: { nowMs: () => nowMs },
    onLimited: (name) => limited.push(name),
  });
  const app = new Hono<GuardedEnv>();
  app.get("/", guard.requireScope("review"), (c) => c.text("hello"));
  const ask = (headers: Record<string, string>) => app.request("/", { headers });
  const statuses = async (key: string, requests: number) => {
    const answers: number[] = [];
    for (let n = 0; n < requests; n += 1)
      answers.push((await ask({ authorization: `Bearer ${key}` })).status);
    return answers;
  };
  return { guard, ask, statuses, limited, wait: (ms: number) => (nowMs += ms) };
}

it("requireScope() lets a second's requests pass at once, and refuses the next with Retry-After", async () => {
  const { ask, statuses, limited } = build();
  expect(await statuses("slow", 4)).toEqual([200, 200, 200, 429]);
  const refused = await ask({ authorization: "Bearer slow" });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refused.text()).not.toContain(hashKey("slow"));
  expect(limited).toEqual(["slow", "slow"]);
});

it("requireScope() lets through in the mean what the limit says", async () => {
  const { statuses, wait } = build();
  await statuses("slow", 10);
  let passed = 0;
  for (let tenths = 0; tenths < 100; tenths += 1) {
    wait(100);
    passed += (await statuses("slow", 2)).filter((status) => status === 200).length;
  }
  expect(passed).toBeGreaterThanOrEqual(29);
  expect(passed).toBeLessThanOrEqual(31);
});

it("requireScope() counts each key by itself, and one of 0 not at all", async () => {
  const { statuses } = build();
  await statuses("slow", 10);
  expect(await statuses("other", 1)).toEqual([200]);
  expect(new Set(await statuses("free", 50))).toEqual(new Set([200]));
  expect(await statuses("wrong", 1)).toEqual([401]);
});

it("requireScope() counts a session to its key", async () => {
  const { guard, ask, statuses } = build();
  await statuses("slow", 3);
  const cookie = guard.sessions.open(keys[0]!, 0);
  expect((await ask({ cookie: `evenkeel_session=${cookie}` })).status).toBe(429);
});
