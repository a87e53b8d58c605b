import { EventEmitter } from "node:events";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { createCall } from "../../../src/alerts/call.ts";
import { whoAnswers } from "../../../src/commands/sidecar-url.ts";
import { createCaller } from "../../../src/commands/canary-caller.ts";
import { createRemoteHistory } from "../../../src/history/remote-history.ts";
import { createHttpSink } from "../../../src/import/http-sink.ts";
import { TransientError } from "../../../src/model/errors.ts";
import { within } from "../../../src/model/within.ts";

// A request that nothing becomes of, whatever its signal says.
beforeAll(() => {
  const lost = () => Object.assign(new EventEmitter(), { end: () => undefined });
  vi.spyOn(http, "request").mockImplementation(lost as never);
  syncBuiltinESMExports();
});
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);

it("within() rejects in time though the work ignores its signal, and aborts that", async () => {
  let given: AbortSignal | undefined;
  const late = within(5, (signal) => {
    given = signal;
    return never();
  });
  await expect(late).rejects.toThrow(TransientError);
  await expect(late).rejects.toThrow(/none came within 5 ms/);
  expect(given?.aborted).toBe(true);
});

it("within() gives what the work gives and leaves no timer", async () => {
  vi.useFakeTimers();
  expect(await within(1_000, () => Promise.resolve("yes"))).toBe("yes");
  await expect(within(1_000, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(vi.getTimerCount()).toBe(0);
});

const url = "http://localhost:4318";
const history = createRemoteHistory({ url, key: "" });
const query = { workflow: "w", fromMs: 0, toMs: 1 };
const callers = [
  { why: "who answers", ask: () => whoAnswers(url), ends: { kind: "nobody" } },
  { why: "an import", ask: () => createHttpSink({ url, key: "" }).send([{}]), ends: /^Cannot reach/ },
  {
    why: "a canary's call",
    ask: () => createCaller({ url, command: "" }).call({}),
    ends: /none came within/,
  },
  {
    why: "a notifier's call",
    ask: () =>
      createCall({ timeoutMs: 10_000 })({ method: "POST", url, headers: {}, body: "", publicOnly: false }),
    ends: /none came within/,
  },
  { why: "a history", ask: () => history.workflows(), ends: /^Cannot reach/ },
  {
    why: "rows of a history",
    ask: () => history.read("runs", query)[Symbol.asyncIterator]().next(),
    ends: /cut off/,
    body: true,
  },
];
// No real server makes `fetch` ignore its signal on demand.
it.each(callers)(
  "$why ends although a request never settles",
  async ({ ask, ends, body = false }) => {
    vi.useFakeTimers();
    const silent = () => Promise.resolve(new Response(new ReadableStream({ pull: never })));
    vi.stubGlobal("fetch", body ? silent : never);
    const answer = ask().then(
      (value: unknown) => value,
      (error: unknown) => (error instanceof Error ? error.message : error),
    );
    await vi.advanceTimersByTimeAsync(3_600_000);
    const ended = await answer;
    if (ends instanceof RegExp) expect(ended).toMatch(ends);
    else expect(ended).toEqual(ends);
  },
  5_000,
);
