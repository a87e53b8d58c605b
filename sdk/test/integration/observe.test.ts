import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../src/client.ts";
import { type OtlpReceiver, openReceiver } from "../otlp-receiver.ts";

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
    expect(span.events[0]?.attributes["exception.stacktrace"]).toContain("observe.test.ts");
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

  it("observe() sends a stream when it is through, with the steps that its body made", async () => {
    const stream = client.observe(
      async function* (words: string[]) {
        for (const word of words) yield client.step("say", () => word);
        client.currentRun().confidence(0.7);
      },
      { workflow: "stream" },
    );
    let heard = "";
    for await (const word of stream(["Dear ", "Ada, ", "yes"])) heard += word;
    expect(heard).toBe("Dear Ada, yes");
    await client.flush();
    expect(receiver.spans.map(({ name }) => name)).toEqual(["stream", "say", "say", "say"]);
    expect(receiver.spans[0]?.attributes).toMatchObject({
      "evenkeel.output": '"Dear Ada, yes"',
      "evenkeel.confidence": 0.7,
    });
  });

  it("observe() sends a stream that the host leaves, and one that fails", async () => {
    const stream = client.observe(
      async function* (fails: boolean) {
        yield { part: 1 };
        if (fails) throw new Error("cut off");
        yield { part: 2 };
      },
      { workflow: "stream" },
    );
    for await (const part of stream(false)) {
      expect(part).toEqual({ part: 1 });
      break;
    }
    const failing = stream(true);
    await failing.next();
    await expect(failing.next()).rejects.toThrow("cut off");
    await client.flush();
    const [left, failed] = receiver.spans;
    expect(left?.attributes["evenkeel.output"]).toBe('[{"part":1}]');
    expect(left?.status.code).toBe(0);
    expect(failed?.status).toEqual({ code: 2, message: "cut off" });
  });

  it("observe() makes an id where the given one is empty", async () => {
    const run = client.observe((id: string) => id, { workflow: "w", runId: (id) => id });
    run("");
    run("mine");
    await client.flush();
    const ids = receiver.spans.map((span) => span.attributes["evenkeel.run.id"]);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), "mine"]);
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
