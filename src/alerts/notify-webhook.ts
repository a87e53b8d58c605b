import { createHash } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Delivery, Journal } from "../journal/port.ts";
import type { Clock } from "../model/clock.ts";
import { PermanentError } from "../model/errors.ts";
import type { Call } from "./call.ts";
import { type Attempt, attemptOf, type Notifier } from "./notifier.ts";

/** Where a webhook goes and what signs it. */
export interface WebhookTarget {
  url: string;
  /** One or, during rotation, several. */
  signers: readonly Webhook[];
}

export interface WebhookDeps {
  call: Call;
  journal: Pick<Journal, "meta">;
  /** Real time: the receiver refuses a signature whose time is off by more than five minutes. */
  wallClock: Clock;
  publicOnly: boolean;
  /** The target of a message, null if its route is not configured any more. */
  targetOf(message: Delivery): WebhookTarget | null;
  /** The JSON body, under 20 KB. */
  bodyOf(message: Delivery): string;
}

/**
 * Creates a notifier that posts by Standard Webhooks 1.0.0: signed, timestamped, the message's key as `webhook-id`
 * for every attempt. An endpoint that answers 410 is disabled until its URL changes or a message is retried by hand.
 */
export function createWebhookNotifier(deps: WebhookDeps): Notifier {
  return {
    async deliver(message): Promise<Attempt> {
      const target = deps.targetOf(message);
      if (target === null)
        return { kind: "dead", error: "Cannot deliver: the webhook is not configured any more" };
      const disabled = disabledKey(target.url);
      if (deps.journal.meta.get(disabled) === "yes")
        return { kind: "dead", error: "Cannot deliver: the endpoint answered 410 and is disabled" };
      const now = new Date(deps.wallClock.nowMs());
      const body = deps.bodyOf(message);
      const answer = await deps.call({
        method: "POST",
        url: target.url,
        headers: {
          "content-type": "application/json",
          "user-agent": "evenkeel",
          "webhook-id": message.key,
          "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
          "webhook-signature": target.signers.map((signer) => signer.sign(message.key, now, body)).join(" "),
        },
        body,
        publicOnly: deps.publicOnly,
      });
      if (answer.status !== 410) return attemptOf(answer);
      deps.journal.meta.set(disabled, "yes");
      return { kind: "dead", error: "The server answered 410: the endpoint is disabled" };
    },
  };
}

/** The journal's named value that is `yes` while an endpoint is disabled. An address may be a secret: only its hash is kept. */
export function disabledKey(url: string): string {
  return `webhook disabled ${createHash("sha256").update(url).digest("hex")}`;
}

/**
 * Reads signing secrets as configured: one or several, separated by spaces, each `whsec_` and base64.
 *
 * @param name The configuration key, for the message.
 * @throws {PermanentError} If one cannot be read.
 */
export function readSecrets(name: string, secrets: string): Webhook[] {
  return secrets
    .split(/\s+/)
    .filter((secret) => secret !== "")
    .map((secret) => {
      try {
        return new Webhook(secret);
      } catch (cause) {
        throw new PermanentError(`Cannot sign webhooks: '${name}' must be 'whsec_' and base64`, { cause });
      }
    });
}
