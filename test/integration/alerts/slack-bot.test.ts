import { afterEach, expect, it } from "vitest";
import { incident, event, settings } from "../../unit/alerts/build.ts";
import { createBench } from "./bench.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function slackAnd(respond: NonNullable<Parameters<typeof startReceiver>[0]>) {
  const slack: Receiver = await startReceiver(respond);
  const route = {
    webhook_url: "",
    bot_token: "x",
    channel: "C1",
    signing_secret: "",
    api_url: `${slack.url}/api`,
  };
  const bench = createBench(settings({ slack: route }));
  open.push(slack, bench);
  return { slack, ...bench };
}

it("posts each week's digest as a message of its own", async () => {
  const { slack, alerts } = await slackAnd(() => ({
    status: 200,
    body: '{"ok":true,"ts":"17.1","channel":"C9"}',
  }));
  for (const toMs of [1_000, 2_000]) {
    alerts.digest({ fromMs: 0, toMs, lines: [{ workflow: "w", text: "no incident" }] });
    await alerts.drain();
  }
  expect(slack.requests.map(({ path }) => path)).toEqual(["/api/chat.postMessage", "/api/chat.postMessage"]);
});

it("begins a new thread where somebody has deleted the first message", async () => {
  const { slack, alerts, journal } = await slackAnd(({ path }) => ({
    status: 200,
    body: path.endsWith("update") ? '{"ok":false,"error":"message_not_found"}' : '{"ok":true,"ts":"17.1"}',
  }));
  const warning = incident({ severity: "warning", signals: [] });
  alerts.record({ incidents: [warning], events: [event("opened", warning)] });
  await alerts.drain();
  alerts.record({ incidents: [], events: [event("recovered", warning)] });
  await alerts.drain();
  const last = slack.requests.at(-1);
  expect(last?.path).toBe("/api/chat.postMessage");
  expect(JSON.parse(last?.body ?? "")).toHaveProperty("blocks");
  expect(journal.outbox.list({ state: "delivered" })).toHaveLength(2);
});
