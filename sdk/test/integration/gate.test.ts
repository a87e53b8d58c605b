import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGate, type Gate } from "../../src/gate.ts";

let server: Server;
let gate: Gate;
let asked: string[];
let body: unknown;

beforeEach(async () => {
  asked = [];
  body = { workflow: "a b", state: "running", since: 0, reason: "", incident_id: "" };
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gate = createGate(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {});
});

afterEach(close);

function close(): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const paused = { workflow: "w", state: "paused", since: 1, reason: "vendor went null", incident_id: "i1" };

describe("gate()", () => {
  it("gate() asks once for all who wait and once per age", async () => {
    const answers = await Promise.all([gate("a b"), gate("a b"), gate("a b")]);
    await gate("a b");
    expect(asked).toEqual(["/v1/workflows/a%20b/gate"]);
    expect(answers[0]).toEqual({ open: true, state: "running", reason: "", incidentId: "" });
    await gate("a b", { maxAgeMs: 0 });
    expect(asked).toHaveLength(2);
  });

  it("gate() is closed while the workflow is paused, and says why", async () => {
    body = paused;
    expect(await gate("w")).toEqual({
      open: false,
      state: "paused",
      reason: "vendor went null",
      incidentId: "i1",
    });
  });

  const unknown = [
    { why: "opens by default", options: {}, open: true },
    { why: "opens if told so", options: { onUnknown: "open" as const }, open: true },
    { why: "closes if told so", options: { onUnknown: "closed" as const }, open: false },
  ];
  it.each(unknown)("gate() $why when the sidecar cannot be asked", async ({ options, open }) => {
    await close();
    expect(await gate("w", options)).toMatchObject({ open, state: "unknown" });
  });

  it("gate() takes an answer it does not understand for none", async () => {
    body = { state: "purple" };
    expect(await gate("w", { onUnknown: "closed" })).toMatchObject({ open: false, state: "unknown" });
  });

  it("gate() keeps a paused workflow paused when the sidecar goes away", async () => {
    body = paused;
    await gate("w");
    await close();
    expect(await gate("w", { maxAgeMs: 0, onUnknown: "open" })).toMatchObject({
      open: false,
      state: "paused",
    });
  });

  it("gate() opens again when the workflow was resumed", async () => {
    body = paused;
    await gate("w");
    body = { ...paused, state: "running" };
    expect(await gate("w", { maxAgeMs: 0 })).toMatchObject({ open: true, state: "running" });
  });
});
