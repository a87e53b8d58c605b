import type { OutboxMessage } from "../journal/port.ts";
import { type AlertSettings, settingsOf } from "./settings.ts";

/**
 * Which route a message takes, for people: `webhook hooks.example.test`, `slack #ops`. As it is configured now, and of an
 * address the host alone, since the rest may be a secret.
 */
export function routeName(
  settings: AlertSettings,
  { channel, workflow }: Pick<OutboxMessage, "channel" | "workflow">,
): string {
  const { slack, webhook, alertmanager } = settings.routes;
  const { pause } = settingsOf(settings, workflow);
  switch (channel) {
    case "slack":
      return named(channel, slack.bot_token === "" ? "" : slack.channel);
    case "webhook":
      return named(channel, hostOf(webhook.url));
    case "alertmanager":
      return named(channel, hostOf(alertmanager.url));
    case "pause":
      return named("pause webhook", hostOf(pause.webhook));
    case "platform":
      return named(pause.adapter?.platform ?? channel, hostOf(pause.adapter?.url ?? ""));
    default:
      return channel;
  }
}

function named(kind: string, place: string): string {
  return place === "" ? kind : `${kind} ${place}`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "";
}
