import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OtlpReceiver, openReceiver } from "../../../sdk/test/otlp-receiver.ts";
import type { FaultPlan } from "../../../src/demo/faults.ts";
import { type Demo, type DemoEvent, startDemo } from "../../../src/demo/replay.ts";
import { dayMs, hourMs, scaledClock } from "../../../src/model/clock.ts";

const startMs = Date.UTC(2026, 0, 6, 9);
const plan: FaultPlan = {
  "upstream header renamed": 24 * hourMs,
  "prompt changed": 48 * hourMs,
  "reviewers override": 72 * hourMs,
};

let receiver: OtlpReceiver;
let events: DemoEvent[];
let gate: { state: string; reason: string };
let demo: Demo | null;

beforeEach(async () => {
  events = [];
  gate = { state: "running", reason: "" };
  demo = null;
  receiver = await openReceiver();
  receiver.answer = () => ({ status: 200, body: Buffer.from(JSON.stringify(gate)) });
});

afterEach(async () => {
  await demo?.stop();
  await receiver.close();
});

/** Starts a demo in which a simulated day passes each second, and waits for an event. */
async function runUntil(isLast: (event: DemoEvent) => boolean, historyDays = 28): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    demo = startDemo({
      endpoint: receiver.endpoint,
      clock: scaledClock(startMs, dayMs / 1000),
      plan,
      historyDays,
      onEvent(event) {
        events.push(event);
        if (isLast(event)) resolve();
      },
    });
    demo.started.catch(reject);
  });
}

function runsOf(
  workflow: string,
): { atMs: number; output: any; input: any; version: unknown; id: unknown }[] {
  return receiver.spans
    .filter((span) => span.name === workflow)
    .map(({ startNs, attributes }) => ({
      atMs: Number(startNs / 1_000_000n),
      input: JSON.parse(String(attributes["evenkeel.input"])),
      output: JSON.parse(String(attributes["evenkeel.output"])),
      version: attributes["evenkeel.version"],
      id: attributes["evenkeel.run.id"],
    }));
}

function shareOf<T>(items: T[], test: (item: T) => boolean): number {
  expect(items.length).toBeGreaterThan(50);
  return items.filter(test).length / items.length;
}

describe("startDemo()", () => {
  it("startDemo() sends four quiet weeks of both workflows first", async () => {
    await runUntil((event) => event.kind === "live");
    const last = events.filter((event) => event.kind === "history").at(-1);
    expect(last).toMatchObject({ sent: receiver.runs.length, total: receiver.runs.length });
    for (const workflow of ["ticket-triage", "invoice-extraction"]) {
      const runs = receiver.runs.filter((run) => run.workflow === workflow);
      expect(runs.length / 28).toBeGreaterThan(300);
      const times = runs.map((run) => run.started_at);
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(27.9 * dayMs);
      expect(new Set(runs.map((run) => run.run_id)).size).toBe(runs.length);
    }
    const invoices = receiver.runs.filter((run) => run.workflow === "invoice-extraction");
    expect(shareOf(invoices, (run) => run.outputs.net_amount === null)).toBe(0);
    const reviews = receiver.runs.flatMap((run) => run.reviews ?? []);
    expect(shareOf(reviews, (review) => review.verdict === "edited")).toBeLessThan(0.06);
  });

  it("startDemo() breaks one thing after the other in its live traffic, each at its time", async () => {
    await runUntil((event) => event.kind === "live", 0.1);
    const live = events.find((event) => event.kind === "live");
    const atMs = (live?.kind === "live" ? live.atMs : 0) + 96 * hourMs;
    await receivedUntil(atMs);
    await demo?.stop();
    demo = null;

    const faults = events.filter((event) => event.kind === "fault");
    expect(faults.map(({ fault }) => fault)).toEqual(Object.keys(plan));
    const [header, prompt, override] = faults.map((fault) => fault.atMs);

    const invoices = runsOf("invoice-extraction");
    const isNull = ({ output }: { output: any }): boolean => output.payment_date === null;
    expect(
      shareOf(
        invoices.filter((run) => run.atMs < header!),
        isNull,
      ),
    ).toBe(0);
    expect(
      shareOf(
        invoices.filter((run) => run.atMs >= header!),
        isNull,
      ),
    ).toBe(1);

    const triages = runsOf("ticket-triage");
    const isGeneral = ({ output }: { output: any }): boolean => output.category === "general";
    expect(
      shareOf(
        triages.filter((run) => run.atMs < prompt!),
        isGeneral,
      ),
    ).toBeLessThan(0.1);
    expect(
      shareOf(
        triages.filter((run) => run.atMs >= prompt!),
        isGeneral,
      ),
    ).toBeGreaterThan(0.35);
    expect(new Set(triages.map((run) => run.version)).size).toBe(2);
    expect(Object.keys(triages[0]?.input)).toEqual(["text"]);

    const answeredAt = new Map(triages.map(({ id, atMs }) => [id, atMs]));
    const reviews = receiver.logs.map(({ attributes }) => ({
      atMs: answeredAt.get(attributes["evenkeel.run.id"]) ?? Number.NaN,
      isEdited: attributes["evenkeel.review.verdict"] === "edited",
    }));
    expect(reviews.filter(({ atMs }) => Number.isNaN(atMs))).toEqual([]);
    expect(
      shareOf(
        reviews.filter((review) => review.atMs < override!),
        (r) => r.isEdited,
      ),
    ).toBeLessThan(0.1);
    expect(
      shareOf(
        reviews.filter((review) => review.atMs >= override!),
        (r) => r.isEdited,
      ),
    ).toBeGreaterThan(0.3);
  });

  it("startDemo() stops extracting while the gate is closed, and goes on with the header put right", async () => {
    await runUntil((event) => event.kind === "fault", 0.1);
    await onRequest(() => runsOf("invoice-extraction").some(({ output }) => output.payment_date === null));
    gate = { state: "paused", reason: "payment_date went null" };
    await eventWhere((event) => event.kind === "gate" && !event.open);
    expect(events.at(-1)).toMatchObject({ open: false, reason: "payment_date went null" });
    gate = { state: "running", reason: "" };
    await eventWhere((event) => event.kind === "gate" && event.open);
    await receivedUntil(startMs + 72 * hourMs);
    await demo?.stop();
    demo = null;
    const invoices = runsOf("invoice-extraction");
    const lastNull = invoices.findLastIndex(({ output }) => output.payment_date === null);
    expect(lastNull).toBeGreaterThan(0);
    expect(invoices.length).toBeGreaterThan(lastNull + 50);
  });

  it("startDemo() says so when the sidecar does not take the history", async () => {
    receiver.answer = () => ({ status: 503 });
    await expect(runUntil(() => false, 1)).rejects.toThrow("the sidecar answered 503");
    demo = null;
  });
});

/** Resolves with the first request after a run of that time was received. */
async function receivedUntil(atMs: number): Promise<void> {
  await onRequest(() => receiver.spans.some(({ startNs }) => Number(startNs / 1_000_000n) >= atMs));
}

async function eventWhere(test: (event: DemoEvent) => boolean): Promise<void> {
  await onRequest(() => events.some(test));
}

function onRequest(test: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    receiver.answer = () => {
      if (test()) resolve();
      return { status: 200, body: Buffer.from(JSON.stringify(gate)) };
    };
  });
}
