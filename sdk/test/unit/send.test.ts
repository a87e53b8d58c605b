import { EventEmitter } from "node:events";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { createSend } from "../../src/send.ts";

// A request that nothing becomes of, whatever its signal says. No real server does that on demand.
beforeAll(() => {
  const lost = () => Object.assign(new EventEmitter(), { write: () => true, end: () => undefined });
  vi.spyOn(http, "request").mockImplementation(lost as never);
  syncBuiltinESMExports();
});
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

afterEach(() => {
  vi.useRealTimers();
});

it("createSend() gives a request up in time although it never settles, so that what follows is sent", async () => {
  vi.useFakeTimers();
  const sent = createSend("http://localhost:4318", {})("traces", [new Uint8Array(1)]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await sent).toEqual({ kind: "retry", retryAfterMs: null });
}, 5_000);
