import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Journal } from "../journal/port.ts";
import type { Clock } from "../model/clock.ts";
import type { Call } from "./call.ts";
import { attemptOf, type Notifier } from "./notifier.ts";
import { readNotice } from "./notice.ts";
import { createAlertmanagerNotifier } from "./notify-alertmanager.ts";
import { createSlackBotNotifier, createSlackWebhookNotifier } from "./notify-slack.ts";
import { createWebhookNotifier, readSecrets, type WebhookTarget } from "./notify-webhook.ts";
import { platformCall } from "./platform-call.ts";
import { type AlertSettings, settingsOf } from "./settings.ts";
import { webhookBody } from "./webhook-body.ts";

export interface NotifierDeps {
  settings: AlertSettings;
  journal: Journal;
  call: Call;
  wallClock: Clock;
  log: Logger;
}

/**
 * Builds the notifier of every channel that is configured.
 *
 * @throws {PermanentError} If a signing secret cannot be read.
 */
export function createNotifiers(deps: NotifierDeps): Map<string, Notifier> {
  const { settings, journal, call, wallClock } = deps;
  const { slack, alertmanager, webhook } = settings.routes;
  const publicUrl = settings.public_url;
  const notifiers = new Map<string, Notifier>();
  const options = { publicUrl, buttons: slack.signing_secret !== "" };
  if (slack.bot_token !== "") {
    const apiUrl = slack.api_url ?? "https://slack.com/api";
    const bot = { apiUrl, botToken: slack.bot_token, channel: slack.channel };
    notifiers.set("slack", createSlackBotNotifier({ call, options, journal }, bot));
  } else if (slack.webhook_url !== "") {
    notifiers.set("slack", createSlackWebhookNotifier({ call, options }, slack.webhook_url));
  }
  if (alertmanager.url !== "")
    notifiers.set(
      "alertmanager",
      createAlertmanagerNotifier({ call, url: alertmanager.url, wallClock, publicUrl }),
    );
  const targets = createTargets(deps);
  const webhooks = {
    call,
    journal,
    wallClock,
    publicOnly: !settings.allow_private_webhooks,
    bodyOf: (message: { payload: string }) => webhookBody(readNotice(message.payload), publicUrl),
  };
  if (webhook.url !== "")
    notifiers.set("webhook", createWebhookNotifier({ ...webhooks, targetOf: () => targets.route }));
  notifiers.set(
    "pause",
    createWebhookNotifier({ ...webhooks, targetOf: ({ workflow }) => targets.pause.get(workflow) ?? null }),
  );
  notifiers.set("platform", createPlatformNotifier(deps));
  return notifiers;
}

/** Calls the platform that runs the workflow. */
function createPlatformNotifier({ settings, call }: NotifierDeps): Notifier {
  return {
    async deliver({ workflow, payload }) {
      const { adapter } = settingsOf(settings, workflow).pause;
      const notice = readNotice(payload);
      if (adapter === undefined || notice.about !== "pause")
        return { kind: "dead", error: "Cannot deliver: the workflow has no adapter any more" };
      const request = platformCall(adapter, notice.pause);
      return attemptOf(await call({ ...request, publicOnly: !settings.allow_private_webhooks }));
    },
  };
}

function createTargets({ settings, journal, log }: NotifierDeps): {
  route: WebhookTarget | null;
  pause: Map<string, WebhookTarget>;
} {
  const { url, secret } = settings.routes.webhook;
  const shared = () => secret || ownSecret(journal, log);
  const pause = new Map<string, WebhookTarget>();
  for (const [workflow, { pause: one }] of Object.entries(settings.workflows)) {
    if (one.webhook === "") continue;
    const name = `workflows.${workflow}.pause.secret`;
    pause.set(workflow, { url: one.webhook, signers: readSecrets(name, one.secret || shared()) });
  }
  const route = url === "" ? null : { url, signers: readSecrets("routes.webhook.secret", shared()) };
  return { route, pause };
}

/** The journal's named value that holds the secret made at first start. */
const ownSecretKey = "webhook secret";

/** A secret of our own, made once, for those who configured none. */
function ownSecret(journal: Journal, log: Logger): string {
  const known = journal.meta.get(ownSecretKey);
  if (known !== null) return known;
  const made = `whsec_${randomBytes(32).toString("base64")}`;
  journal.meta.set(ownSecretKey, made);
  log.info("Webhooks are signed with a secret made just now; configure one to verify what you receive");
  return made;
}
