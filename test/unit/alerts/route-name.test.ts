import { describe, expect, it } from "vitest";
import { routeName } from "../../../src/alerts/route-name.ts";
import type { AlertSettings } from "../../../src/alerts/settings.ts";
import { loadConfig } from "../../../src/load-config.ts";

const pause = { mode: "on", webhook: "https://user:pw@stop.example.test/secret?k=secret" };
const adapter = {
  platform: "n8n",
  url: "https://n8n.example.test/secret",
  id: "7",
  token: "secret",
};
const settings = (slack: object): AlertSettings =>
  loadConfig({
    file: "",
    env: {},
    flags: {
      "routes.slack": slack,
      "routes.webhook.url": "https://hooks.example.test:8443/T0/secret",
      "routes.alertmanager.url": "http://alertmanager:9093",
      workflows: { invoices: { pause: { ...pause, adapter } } },
    },
  }).config;
const bot = { bot_token: "xoxb-secret", channel: "#ops" };
const incoming = { webhook_url: "https://hooks.slack.com/services/secret" };

const cases = [
  { channel: "slack", slack: bot, name: "slack #ops" },
  { channel: "slack", slack: incoming, name: "slack" },
  { channel: "webhook", slack: bot, name: "webhook hooks.example.test:8443" },
  { channel: "alertmanager", slack: bot, name: "alertmanager alertmanager:9093" },
  { channel: "pause", slack: bot, name: "pause webhook stop.example.test" },
  { channel: "platform", slack: bot, name: "n8n n8n.example.test" },
];

describe("routeName()", () => {
  it.each(cases)("names $name, and nothing that may be secret", ({ channel, slack, name }) => {
    expect(routeName(settings(slack), { channel, workflow: "invoices" })).toBe(name);
  });

  it("names the kind alone of a route that is gone", () => {
    expect(routeName(settings(bot), { channel: "pause", workflow: "other" })).toBe("pause webhook");
  });
});
