import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../src/client.ts";
import { type OtlpReceiver, openReceiver, partialSuccess } from "../otlp-receiver.ts";

let receiver: OtlpReceiver;
let client: Client;

beforeEach(async () => {
  receiver = await openReceiver();
  client = createClient({ endpoint: receiver.endpoint, sendIntervalMs: 20, codeRevision: "abc123" });
});

afterEach(async () => {
  await client.shutdown(1);
  await receiver.close();
});

function dropped(): number {
  return Object.values(client.stats().dropped).reduce((sum, count) => sum + count, 0);
}

describe("observe() over HTTP", () => {
  it("observe() sends a run with everything that was said about it", async () => {
    let nowMs = 1_700_000_000_000;
    const timed = createClient({ endpoint: receiver.endpoint, clock: { nowMs: () => nowMs }, apiKey: "k1" });
    const triage = timed.observe(
      async (ticket: { text: string }) => {
        nowMs += 1250;
        const run = timed.currentRun();
        run.confidence(0.93);
        run.attribute("region", "eu");
        run.model("gpt-5-mini-2026-08");
        run.tokens(120, 8);
        run.cost(0.0004);
        run.retries(2);
        return { category: "card", length: ticket.text.length };
      },
      {
        workflow: "ticket-triage",
        prompt: "Sort the ticket.",
        promptName: "triage",
        promptVersion: "12",
        model: "gpt-5-mini",
        settings: { temperature: 0 },
        mode: "shadow",
        attributes: { source: "mail" },
        version: "v12",
      },
    );
    const result = await triage({ text: "Wo ist meine Karte? 😀" });
    expect(result).toEqual({ category: "card", length: 22 });
    expect(await timed.shutdown()).toBe(true);

    const span = receiver.spans[0]!;
    expect(span.attributes).toEqual({
      "evenkeel.workflow": "ticket-triage",
      "evenkeel.run.id": expect.stringMatching(/^[0-9a-f-]{36}$/),
      "evenkeel.mode": "shadow",
      "evenkeel.version": "v12",
      "evenkeel.prompt.name": "triage",
      "evenkeel.prompt.version": "12",
      "evenkeel.prompt.text": "Sort the ticket.",
      "evenkeel.model": "gpt-5-mini",
      "evenkeel.model.resolved": "gpt-5-mini-2026-08",
      "evenkeel.settings": '{"temperature":0}',
      "evenkeel.confidence": 0.93,
      "evenkeel.retries": 2,
      "evenkeel.cost.usd": 0.0004,
      "gen_ai.usage.input_tokens": 120,
      "gen_ai.usage.output_tokens": 8,
      "evenkeel.attr.source": "mail",
      "evenkeel.attr.region": "eu",
      "evenkeel.input": '{"text":"Wo ist meine Karte? 😀"}',
      "evenkeel.output": '{"category":"card","length":22}',
    });
    expect(span.name).toBe("ticket-triage");
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span.parentSpanId).toBe("");
    expect(span.startNs).toBe(1_700_000_000_000_000_000n);
    expect(span.endNs - span.startNs).toBe(1_250_000_000n);
    expect(receiver.resource["telemetry.sdk.name"]).toBe("@evenkeel/sdk");
    expect(receiver.requests[0]?.headers.authorization).toBe("Bearer k1");
    expect(receiver.requests[0]?.headers["content-type"]).toBe("application/x-protobuf");
  });

  it("observe() sends the inputs as they were before the call changed them", async () => {
    const run = client.observe(
      (order: { items: string[] }) => {
        order.items.push("added by the call");
        return order;
      },
      { workflow: "w" },
    );
    const result = run({ items: ["a"] });
    result.items.push("added after the call");
    await client.flush();
    expect(receiver.spans[0]?.attributes).toMatchObject({
      "evenkeel.input": '{"items":["a"]}',
      "evenkeel.output": '{"items":["a","added by the call"]}',
    });
  });

  it("observe() names several arguments by position", async () => {
    client.observe((a: string, b: number) => a.length + b, { workflow: "w" })("x", 2);
    client.observe((a: string) => a, { workflow: "w" })("only");
    client.observe(() => undefined, { workflow: "w" })();
    await client.flush();
    expect(receiver.spans.map((span) => span.attributes["evenkeel.input"])).toEqual([
      '{"arg0":"x","arg1":2}',
      '"only"',
      "{}",
    ]);
  });

  it("observe() sends what throws as an error and throws it on", async () => {
    const error = new RangeError("too far");
    const run = client.observe(
      async () => {
        throw error;
      },
      { workflow: "w" },
    );
    await expect(run()).rejects.toBe(error);
    await client.flush();
    const span = receiver.spans[0]!;
    expect(span.status).toEqual({ code: 2, message: "too far" });
    expect(span.events[0]).toMatchObject({
      name: "exception",
      attributes: { "exception.type": "RangeError", "exception.message": "too far" },
    });
    expect(span.events[0]?.attributes["exception.stacktrace"]).toContain("sdk.test.ts");
    expect(span.attributes).not.toHaveProperty("evenkeel.output");
  });

  it("observe() goes on when its own options throw, and counts it", async () => {
    const fail = (): never => {
      throw new Error("no");
    };
    const run = client.observe((value: number) => value + 1, { workflow: "w", inputs: fail });
    const map = client.observe((value: number) => value + 1, { workflow: "w", outputs: fail });
    expect([run(1), map(2)]).toEqual([2, 3]);
    expect(client.stats().dropped.capture_failed).toBe(2);
  });

  it("step() puts steps of concurrent runs under their own runs", async () => {
    const run = client.observe(
      async (name: string) =>
        client.step(
          "extract",
          async (model) => {
            await new Promise(setImmediate);
            model.tokens(10, 2);
            model.model("gpt-5");
            model.retries(1);
            model.attribute("cache", "hit");
            return client.step("lookup", () => `${name}!`, { kind: "tool" });
          },
          { kind: "model", model: "gpt", inputs: { name } },
        ),
      { workflow: "w", runId: (name) => `run-${name}` },
    );
    expect(await Promise.all([run("a"), run("b")])).toEqual(["a!", "b!"]);
    await client.flush();
    expect(receiver.spans).toHaveLength(6);
    for (const name of ["a", "b"]) {
      const spans = receiver.spans.filter((span) => span.attributes["evenkeel.run.id"] === `run-${name}`);
      const [root, extract, lookup] = ["w", "extract", "lookup"].map((n) => spans.find((s) => s.name === n));
      expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
      expect(extract?.parentSpanId).toBe(root?.spanId);
      expect(lookup?.parentSpanId).toBe(extract?.spanId);
      expect(extract?.attributes).toMatchObject({
        "evenkeel.step": "extract",
        "evenkeel.step.kind": "model",
        "evenkeel.model": "gpt",
        "evenkeel.model.resolved": "gpt-5",
        "evenkeel.retries": 1,
        "evenkeel.attr.cache": "hit",
        "gen_ai.usage.input_tokens": 10,
        "evenkeel.input": `{"name":"${name}"}`,
        "evenkeel.output": `"${name}!"`,
      });
    }
  });

  it("step() that ends after its run is sent by itself", async () => {
    let finish: () => void = () => undefined;
    const run = client.observe(
      () => {
        void client.step("late", () => new Promise<void>((resolve) => (finish = resolve)));
      },
      { workflow: "w", runId: () => "r" },
    );
    run();
    await client.flush();
    finish();
    await new Promise(setImmediate);
    await client.flush();
    expect(receiver.spans.map((span) => [span.name, span.attributes["evenkeel.run.id"]])).toEqual([
      ["w", "r"],
      ["late", "r"],
    ]);
  });

  it("step() and currentRun() do nothing outside of a run", async () => {
    expect(client.step("alone", () => 1)).toBe(1);
    client.currentRun().confidence(1);
    client.currentRun().override({});
    expect(client.currentRun().id).toBe("");
    await client.flush();
    expect(receiver.requests).toEqual([]);
  });

  it("review(), outcome() and override() arrive as log records, after their run", async () => {
    const run = client.observe(
      () => {
        client.currentRun().override({ category: "b" }, { reviewer: "ann", reason: "wrong" });
        client.currentRun().outcome("disputed", true);
        return client.currentRun().id;
      },
      { workflow: "w" },
    );
    const id = run();
    client.review(id, { verdict: "rejected", note: "twice", reviewer: "bob", durationMs: 900 });
    client.outcome(id, "amount", 12.5);
    await client.flush();
    expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/logs"]);
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(receiver.logs.map(({ eventName, attributes }) => ({ eventName, ...attributes }))).toEqual([
      {
        eventName: "evenkeel.review",
        "evenkeel.run.id": id,
        "evenkeel.workflow": "w",
        "evenkeel.review.id": uuid,
        "evenkeel.review.verdict": "edited",
        "evenkeel.review.output": '{"category":"b"}',
        "evenkeel.review.reason": "wrong",
        "evenkeel.review.reviewer": "ann",
      },
      {
        eventName: "evenkeel.outcome",
        "evenkeel.run.id": id,
        "evenkeel.workflow": "w",
        "evenkeel.outcome.id": uuid,
        "evenkeel.outcome.name": "disputed",
        "evenkeel.outcome.value": true,
      },
      {
        eventName: "evenkeel.review",
        "evenkeel.run.id": id,
        "evenkeel.review.id": uuid,
        "evenkeel.review.verdict": "rejected",
        "evenkeel.review.note": "twice",
        "evenkeel.review.reviewer": "bob",
        "evenkeel.review.duration_ms": 900,
      },
      {
        eventName: "evenkeel.outcome",
        "evenkeel.run.id": id,
        "evenkeel.outcome.id": uuid,
        "evenkeel.outcome.name": "amount",
        "evenkeel.outcome.value": 12.5,
      },
    ]);
  });
});

describe("delivery", () => {
  const echo = { workflow: "w", runId: (value: unknown) => `r${String(value)}` };

  it("delivery brings a synchronous burst of 10,000 runs complete and in order", async () => {
    const run = client.observe((value: number) => ({ value, text: "x".repeat(2000) }), echo);
    for (let value = 0; value < 10_000; value += 1) run(value);
    expect(client.stats()).toMatchObject({ waiting: 10_000, delivered: 0 });
    expect(await client.flush()).toBe(true);
    expect(client.stats()).toMatchObject({ waiting: 0, waitingBytes: 0, delivered: 10_000 });
    expect(receiver.spans.map((span) => span.attributes["evenkeel.run.id"])).toEqual(
      Array.from({ length: 10_000 }, (_, value) => `r${value}`),
    );
    expect(dropped()).toBe(0);
  });

  it("delivery goes on by itself, without a flush", async () => {
    const arrived = new Promise<void>((resolve) => {
      receiver.answer = () => {
        setImmediate(resolve);
        return { status: 200 };
      };
    });
    client.observe((value: number) => value, echo)(1);
    await arrived;
    expect(receiver.spans).toHaveLength(1);
  });

  it.each([429, 502, 503, 504])("delivery tries again after %i and honours Retry-After", async (status) => {
    receiver.answer = ({ count }) =>
      count === 1 ? { status, headers: { "retry-after": "0" } } : { status: 200 };
    client.observe((value: number) => value, echo)(1);
    expect(await client.flush()).toBe(true);
    expect(receiver.spans).toHaveLength(1);
    expect(client.stats()).toMatchObject({ delivered: 1, retries: 1 });
  });

  it.each([400, 401, 404, 308])("delivery drops and counts what is refused with %i", async (status) => {
    receiver.answer = () => ({ status });
    client.observe((value: number) => value, echo)(1);
    expect(await client.flush()).toBe(true);
    expect(receiver.requests).toHaveLength(1);
    expect(client.stats().dropped.refused).toBe(1);
  });

  it("delivery halves a request that is too large until only the culprit is dropped", async () => {
    receiver.answer = ({ bytes }) => ({ status: bytes > 50_000 ? 413 : 200 });
    const run = client.observe((value: number) => ({ text: "x".repeat(value === 7 ? 60_000 : 100) }), echo);
    for (let value = 0; value < 20; value += 1) run(value);
    expect(await client.flush()).toBe(true);
    expect(receiver.spans).toHaveLength(19);
    expect(client.stats()).toMatchObject({ delivered: 19, dropped: { refused: 1 }, waiting: 0 });
  });

  it("delivery counts what a partial success rejected and does not send it again", async () => {
    receiver.answer = () => ({ status: 200, body: partialSuccess(2) });
    const run = client.observe((value: number) => value, echo);
    for (let value = 0; value < 5; value += 1) run(value);
    await client.flush();
    expect(client.stats()).toMatchObject({ delivered: 5, rejected: 2 });
    expect(receiver.requests).toHaveLength(1);
  });

  it("delivery keeps runs while the sidecar is down and brings them when it is back", async () => {
    const port = Number(new URL(receiver.endpoint).port);
    await receiver.close();
    const run = client.observe((value: number) => value, echo);
    for (let value = 0; value < 100; value += 1) run(value);
    expect(await client.flush(50)).toBe(false);
    expect(client.stats()).toMatchObject({ waiting: 100, delivered: 0 });
    receiver = await openReceiver(port);
    expect(await client.flush()).toBe(true);
    expect(receiver.spans).toHaveLength(100);
  });

  it("delivery holds a bounded amount of memory while the sidecar is down and counts the rest", async () => {
    await receiver.close();
    const small = createClient({ endpoint: receiver.endpoint, queueBytesMax: 1_000_000 });
    const run = small.observe((value: number) => ({ text: "x".repeat(value) }), { workflow: "w" });
    for (let count = 0; count < 100; count += 1) run(100_000);
    expect(small.stats().waitingBytes).toBeLessThanOrEqual(1_000_000);
    expect(small.stats().waiting + small.stats().dropped.queue_full).toBe(100);
    expect(small.stats().dropped.queue_full).toBeGreaterThan(0);
    expect(await small.flush(20)).toBe(false);
    expect(small.stats().waitingBytes).toBeLessThanOrEqual(1_000_000);
    await small.shutdown(1);
  });

  it("delivery holds a bounded number of runs while the sidecar is down and counts the rest", async () => {
    await receiver.close();
    const small = createClient({ endpoint: receiver.endpoint, queueItemsMax: 200 });
    const run = small.observe((value: number) => value, echo);
    for (let count = 0; count < 1000; count += 1) run(count);
    expect(small.stats()).toMatchObject({ waiting: 200, dropped: { queue_full: 800 } });
    await small.shutdown(1);
  });

  it("shutdown() drops and counts what it could not send before its deadline", async () => {
    await receiver.close();
    client.observe((value: number) => value, echo)(1);
    expect(await client.shutdown(20)).toBe(false);
    expect(await client.flush()).toBe(true);
    expect(client.stats()).toMatchObject({ waiting: 0, waitingBytes: 0, dropped: { shut_down: 1 } });
  });

  it("shutdown() counts what comes after it", async () => {
    const run = client.observe((value: number) => value, echo);
    run(1);
    expect(await client.shutdown()).toBe(true);
    expect(run(2)).toBe(2);
    expect(receiver.spans).toHaveLength(1);
    expect(client.stats().dropped.shut_down).toBe(1);
  });
});
