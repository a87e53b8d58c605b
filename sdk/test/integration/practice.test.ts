import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, createClient } from "../../src/client.ts";
import { type OtlpReceiver, openReceiver } from "../otlp-receiver.ts";

let receiver: OtlpReceiver;
let client: Client;

beforeEach(async () => {
  receiver = await openReceiver();
  client = createClient({ endpoint: receiver.endpoint, sendIntervalMs: 20 });
});

afterEach(async () => {
  delete process.env.EVENKEEL_MODE;
  await client.shutdown(1);
  await receiver.close();
});

describe("business keys, decisions and modes", () => {
  it("observe() takes the key from the arguments, and currentRun() adds key and fingerprint", async () => {
    const options = { workflow: "w", key: ({ id }: { id: string }) => id };
    client.observe(({ id }: { id: string }) => id, options)({ id: "INV-1" });
    client.observe(
      () => {
        client.currentRun().key("INV-2");
        client.currentRun().model("m", "fp_1");
      },
      { workflow: "w" },
    )();
    await client.flush();
    expect(receiver.spans.map((span) => span.attributes["evenkeel.key"])).toEqual(["INV-1", "INV-2"]);
    expect(receiver.spans[1]?.attributes["evenkeel.attr.model_fingerprint"]).toBe("fp_1");
  });

  it("decision() and outcome() name their run by id or by key", async () => {
    client.decision("run-1", { output: { category: "it" }, reason: "r", note: "n", reviewer: "ann" });
    client.outcome({ workflow: "w", key: "INV-1" }, "paid", true);
    await client.flush();
    expect(receiver.logs.map(({ eventName, attributes }) => ({ eventName, ...attributes }))).toMatchObject([
      {
        eventName: "evenkeel.decision",
        "evenkeel.run.id": "run-1",
        "evenkeel.decision.output": '{"category":"it"}',
        "evenkeel.decision.reason": "r",
        "evenkeel.decision.note": "n",
        "evenkeel.decision.reviewer": "ann",
      },
      { "evenkeel.workflow": "w", "evenkeel.key": "INV-1", "evenkeel.outcome.name": "paid" },
    ]);
  });

  it("EVENKEEL_MODE says how runs count that observe() says nothing of", async () => {
    process.env.EVENKEEL_MODE = "canary";
    const told = createClient({ endpoint: receiver.endpoint });
    told.observe(() => 1, { workflow: "w" })();
    told.observe(() => 1, { workflow: "w", mode: "live" })();
    await told.shutdown();
    expect(receiver.spans.map((span) => span.attributes["evenkeel.mode"])).toEqual(["canary", undefined]);
  });
});

describe("canary()", () => {
  let sidecar: Server;
  let posted: { answers: Record<string, unknown>[] } | null;
  let url = "";
  let cases: { case_id: string; inputs: object }[];
  /** The first round is refused, as by a sidecar that is being started. */
  let isStarting = true;

  beforeEach(async () => {
    posted = null;
    cases = [
      { case_id: "a", inputs: { arg0: "x", arg1: 2 } },
      { case_id: "b", inputs: { arg0: "y", arg1: 0 } },
    ];
    sidecar = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        if (request.url?.endsWith("/rounds") && posted === null && isStarting) {
          isStarting = false;
          response.writeHead(503).end();
        } else if (request.url?.endsWith("/rounds")) {
          posted = JSON.parse(Buffer.concat(chunks).toString()) as typeof posted;
          response.end(JSON.stringify({ outcome: "same", fields: [], models: ["m"] }));
        } else if (request.url?.includes("/canary")) {
          response.end(JSON.stringify({ cases, rounds: [{}] }));
        } else {
          response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
        }
      });
    });
    await new Promise<void>((resolve) => sidecar.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(sidecar.address() as AddressInfo).port}`;
  });

  afterEach(() => sidecar.close());

  it("says of one frozen input that it is one", async () => {
    cases = cases.slice(0, 1);
    const own = createClient({ endpoint: url });
    const { says } = await own.canary("w", () => 1, { repeats: 1 });
    await own.shutdown();
    expect(says).toBe("The answers to 1 frozen input are as they were");
  });

  it("spreads several arguments, sends answers with their runs' ids, and a throw as an answer", async () => {
    const own = createClient({ endpoint: url });
    const work = own.observe(
      (text: string, count: number) => {
        own.currentRun().model("m", "fp");
        if (count === 0) throw new RangeError("none");
        return { text: text.repeat(count) };
      },
      { workflow: "w", version: "v1" },
    );
    expect(await own.canary("w", work, { repeats: 2 })).toMatchObject({ outcome: "same" });
    await own.shutdown();
    expect(posted?.answers).toMatchObject([
      { case_id: "a", outputs: { text: "xx" }, model: "m", fingerprint: "fp", version: "v1" },
      { case_id: "b", outputs: null, error: "RangeError: none" },
      { case_id: "a" },
      { case_id: "b" },
    ]);
    expect(new Set(posted?.answers.map(({ run_id: id }) => id)).size).toBe(4);
  });

  it("counts every run in it as a canary, the first one as the answer", async () => {
    const both = createClient({ endpoint: receiver.endpoint });
    const inner = both.observe(() => 1, { workflow: "inner", mode: "live" });
    const outer = both.observe(() => inner(), { workflow: "w" });
    both.core.canary.run({ caseId: "a", roundId: "r", runId: "given", run: null }, () => outer());
    await both.shutdown();
    const runs = receiver.spans.map(({ attributes }) => attributes);
    expect(
      runs.map((run) => [run["evenkeel.workflow"], run["evenkeel.mode"], run["evenkeel.attr.canary_case"]]),
    ).toEqual(
      expect.arrayContaining([
        ["w", "canary", "a"],
        ["inner", "canary", undefined],
      ]),
    );
  });

  it("never rejects: it says that the sidecar cannot be reached, or what it refused", async () => {
    const nobody = createClient({ endpoint: "http://127.0.0.1:9" });
    expect(await nobody.canary("w", () => 1)).toMatchObject({
      outcome: "failed",
      says: "The sidecar cannot be reached",
    });
    await nobody.shutdown(1);
  });
});
