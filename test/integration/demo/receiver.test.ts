import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openWebhookReceiver, type VerifiedCall, type WebhookReceiver } from "../../../src/demo/receiver.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
let receiver: WebhookReceiver;
let calls: VerifiedCall[];

beforeEach(async () => {
  calls = [];
  receiver = await openWebhookReceiver(secret, (call) => calls.push(call));
});

afterEach(() => receiver.close());

async function post(body: string, signature: string): Promise<number> {
  const response = await fetch(receiver.url, {
    method: "POST",
    body,
    headers: {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": signature,
    },
  });
  return response.status;
}

describe("openWebhookReceiver()", () => {
  const body = JSON.stringify({ type: "workflow.paused", timestamp: "", data: { workflow: "w" } });

  it("openWebhookReceiver() reports a call whose signature is right", async () => {
    expect(await post(body, new Webhook(secret).sign("msg_1", new Date(), body))).toBe(204);
    expect(calls).toEqual([{ id: "msg_1", type: "workflow.paused", data: { workflow: "w" } }]);
  });

  it("openWebhookReceiver() refuses a call that was changed on its way", async () => {
    const signature = new Webhook(secret).sign("msg_1", new Date(), body);
    expect(await post(body.replace('"w"', '"x"'), signature)).toBe(401);
    expect(calls).toEqual([]);
  });

  it("openWebhookReceiver() refuses a body that is too large", async () => {
    const large = JSON.stringify({ type: "x".repeat(100_000) });
    expect(await post(large, new Webhook(secret).sign("msg_1", new Date(), large))).toBe(401);
  });
});
