import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchWithin } from "../../src/fetch-within.ts";
import { createGate } from "../../src/gate.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);
const url = "http://localhost/";

describe("fetchWithin()", () => {
  // No real server makes `fetch` ignore its signal on demand.
  it.each([
    { why: "the request never settles", fetch: never, read: (response: Response) => response.text() },
    { why: "the body never ends", fetch: () => Promise.resolve(new Response("{}")), read: never },
  ])("fetchWithin() rejects in time although $why", async ({ fetch, read }) => {
    vi.stubGlobal("fetch", fetch);
    await expect(fetchWithin(5, url, {}, read)).rejects.toThrow(/none came within 5 ms/);
  });

  it("fetchWithin() gives what was read and leaves no timer", async () => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("yes")));
    expect(await fetchWithin(1_000, url, {}, (response) => response.text())).toBe("yes");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("fetchWithin() aborts the request where the caller does", async () => {
    let signal: AbortSignal | null | undefined;
    vi.stubGlobal("fetch", (_url: string, init: RequestInit) => {
      signal = init.signal;
      return never();
    });
    const caller = new AbortController();
    const answer = fetchWithin(5, url, { signal: caller.signal }, (response) => response.text());
    caller.abort();
    expect(signal?.aborted).toBe(true);
    await expect(answer).rejects.toThrow();
  });

  it("gate() answers although a request never settles, and asks anew the next time", async () => {
    vi.useFakeTimers();
    const fetch = vi.fn<() => Promise<Response>>(never);
    vi.stubGlobal("fetch", fetch);
    const gate = createGate("http://localhost", {});
    const first = gate("w");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toMatchObject({ open: true, state: "unknown" });
    fetch.mockImplementation(() => Promise.resolve(Response.json({ state: "paused" })));
    expect(await gate("w", { maxAgeMs: 0 })).toMatchObject({ open: false, state: "paused" });
  });
});
