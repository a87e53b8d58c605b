import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hourMs, systemClock } from "../../../src/model/clock.ts";
import { type Sidecar, startSidecar } from "./sidecar.ts";

let sidecar: Sidecar;
/** The time of people, beside that of the data. */
let peopleMs = Date.now();

beforeAll(async () => {
  const workflows = {
    mapped: {
      owner: "ann",
      reads: [{ kind: "mailbox", name: "invoices@", account: "svc-mail" }],
      writes: [{ kind: "table", name: "ledger" }],
    },
  };
  sidecar = await startSidecar({ workflows }, systemClock, { nowMs: () => peopleMs });
  const steps = [
    { name: "fetch", kind: "tool", attributes: { source: "invoices@" } },
    { name: "lookup", kind: "tool", attributes: { source: "<b>crm</b>" } },
    { name: "think", kind: "model" },
  ];
  await sidecar.send([
    { workflow: "mapped", outputs: { a: 1 }, steps },
    { workflow: "bare", outputs: { a: 1 }, steps: [{ name: "send_mail", kind: "tool" }] },
  ]);
  // A workflow that nobody configured is known once it was swept.
  await vi.waitFor(async () => expect((await sidecar.get("/v1/workflows/bare")).status).toBe(200), 10_000);
});

afterAll(() => sidecar.stop());

const form = (fields: Record<string, string>) => ({
  method: "POST",
  redirect: "manual" as const,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields).toString(),
});

describe("the data map", () => {
  it("stands on the workflow's page, with what steps name beyond it", async () => {
    const page = await sidecar.page("/workflows/mapped");
    expect(page).toMatch(/mailbox <strong>invoices@<\/strong> as svc-mail/);
    expect(page).toMatch(/table <strong>ledger<\/strong>.*no account named/);
    expect(page).toContain("<strong>&lt;b&gt;crm&lt;/b&gt;</strong> (step lookup)");
    expect(page).not.toContain("(step fetch)");
  });

  it("says that a workflow has none, and names its tools", async () => {
    const answer = (await (await sidecar.get("/v1/workflows/bare")).json()) as any;
    expect(answer.data_map).toEqual({ reads: [], writes: [] });
    expect(answer.unmapped).toMatchObject([{ step: "send_mail", source: "", calls: 1 }]);
    const report = await (await sidecar.get("/v1/workflows/bare/report")).text();
    expect(report).toContain("**This workflow has no data map.**");
    expect(report).toContain("- **not in the map**: `send_mail`");
  });
});

describe("held items as pages", () => {
  it("stand on the review page, and are decided on a page with everything to finish by hand", async () => {
    const asked = await sidecar.post("/v1/approvals", {
      approval_id: "a/1",
      workflow: "mapped",
      action: "pay <i>it</i>",
      payload: { amount: 120 },
      note: "in the portal",
      error: "HTTP 500",
    });
    expect(asked.status).toBe(200);
    const path = "/approvals/a%2F1";
    const queue = await sidecar.page("/review?workflow=mapped");
    // A name is asked for once.
    expect(queue).toContain("Who reviews?");
    const cookie = { headers: { cookie: "evenkeel_name=ann", accept: "text/html" } };
    expect(await (await fetch(`${sidecar.url}/review`, cookie)).text()).toContain(`href="${path}"`);
    const page = await sidecar.page(path);
    for (const text of [
      "pay &lt;i&gt;it&lt;/i&gt;",
      "in the portal",
      "HTTP 500",
      "120",
      "Approve: let it be done",
    ])
      expect(page).toContain(text);
    const decided = await fetch(
      `${sidecar.url}${path}/decision`,
      form({ decision: "done_by_hand", actor: "ann" }),
    );
    expect([decided.status, decided.headers.get("location")]).toEqual([303, path]);
    const after = await sidecar.page(path);
    expect(after).toContain("Done by hand by ann");
    expect(after).not.toContain("let it be done");
    expect(await sidecar.page("/approvals")).toContain("Nothing is held.");
    const late = await fetch(`${sidecar.url}${path}/decision`, form({ decision: "approve", actor: "ann" }));
    expect(late.status).toBe(400);
    expect(await late.text()).toContain("it was done by hand already");
  });

  it("say how long something waits by the clock of people", async () => {
    await sidecar.post("/v1/approvals", { approval_id: "slow", workflow: "mapped", action: "wait" });
    expect(await sidecar.page("/approvals/slow")).toContain("24 h");
    peopleMs += 3 * hourMs;
    for (const path of ["/approvals", "/approvals/slow"]) expect(await sidecar.page(path)).toContain("21 h");
    const named = { headers: { cookie: "evenkeel_name=ann", accept: "text/html" } };
    expect(await (await fetch(`${sidecar.url}/review`, named)).text()).toContain("21 h");
  });
});
