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

  it("delivery drops and counts everything where the endpoint is no URL", async () => {
    const lost = createClient({ endpoint: "localhost 4318" });
    lost.observe(() => 1, { workflow: "w" })();
    expect(await lost.shutdown()).toBe(true);
    expect(lost.stats()).toMatchObject({ waiting: 0, dropped: { refused: 1 } });
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
