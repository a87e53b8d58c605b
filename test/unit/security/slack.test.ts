import { expect, it } from "vitest";
import { slackMessage, slackReply } from "../../../src/alerts/slack-message.ts";
import { event, incident, notice } from "../alerts/build.ts";
import { payloads } from "../../integration/security/payloads.ts";

const publicUrl = "https://evenkeel.example";

/** Everything between angle brackets is a command to Slack: a link, a mention, a channel call. */
function commands(message: object): string[] {
  return JSON.stringify(message).match(/<[^>]*>/g) ?? [];
}

it.each(payloads)("slackMessage() makes no command of %j", (payload) => {
  const hostile = incident({
    title: payload,
    workflow: payload,
    owner: payload,
    exampleRunIds: [payload],
    cause: { ...incident().cause, reasons: [payload, payload] },
  });
  const about = {
    ...notice("opened", hostile),
    event: { ...event("opened", hostile), note: payload, actor: payload },
  };
  const shown = [slackMessage(about, { publicUrl, buttons: true }), { text: slackReply(about) }];
  for (const command of shown.flatMap(commands))
    expect(command).toMatch(/^<https:\/\/evenkeel\.example\/[^<>|\s]*\|[^<>]*>$/);
});
