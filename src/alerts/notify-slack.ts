import type { Journal } from "../journal/port.ts";
import type { Call, HttpAnswer } from "./call.ts";
import { type Attempt, attemptOf, type Notifier, retryAfterSeconds } from "./notifier.ts";
import { type Notice, readNotice } from "./notice.ts";
import { type SlackMessage, type SlackOptions, slackMessage, slackReply } from "./slack-message.ts";

export interface SlackDeps {
  call: Call;
  options: SlackOptions;
}

const jsonHeaders = { "content-type": "application/json; charset=utf-8" };

/** One message per transition, by an incoming webhook. It can neither thread nor edit. */
export function createSlackWebhookNotifier({ call, options }: SlackDeps, webhookUrl: string): Notifier {
  return {
    async deliver(message) {
      const body = JSON.stringify(quiet(slackMessage(readNotice(message.payload), options)));
      const answer = await call({
        method: "POST",
        url: webhookUrl,
        headers: jsonHeaders,
        body,
        publicOnly: false,
      });
      // Slack has no use for the message: bad blocks, or a webhook that was revoked.
      if ([400, 403, 404, 410].includes(answer.status))
        return { kind: "dead", error: `Slack answered ${answer.status}` };
      return attemptOf(answer);
    },
  };
}

/** What Slack will refuse again however often it is asked. */
const lastingErrors = new Set([
  "account_inactive",
  "channel_not_found",
  "invalid_auth",
  "invalid_blocks",
  "is_archived",
  "missing_scope",
  "msg_blocks_too_long",
  "msg_too_long",
  "no_text",
  "not_authed",
  "not_in_channel",
  "restricted_action",
  "token_expired",
  "token_revoked",
]);

/**
 * One thread per incident, by the Web API with a bot token: the first message opens it and is kept up to date, each
 * later transition adds a line to the thread.
 */
export function createSlackBotNotifier(
  { call, options, journal }: SlackDeps & { journal: Pick<Journal, "meta"> },
  { apiUrl, botToken, channel }: { apiUrl: string; botToken: string; channel: string },
): Notifier {
  async function api(method: string, body: object): Promise<{ attempt: Attempt; reply: SlackReply }> {
    const answer = await call({
      method: "POST",
      url: `${apiUrl}/${method}`,
      headers: { ...jsonHeaders, authorization: `Bearer ${botToken}` },
      body: JSON.stringify(body),
      publicOnly: false,
    });
    const reply = readReply(answer);
    return { attempt: attemptOfReply(answer, reply), reply };
  }

  return {
    async deliver(message) {
      const notice = readNotice(message.payload);
      const rendered = quiet(slackMessage(notice, options));
      const threadKey = `slack thread ${channel} ${message.subject}`;
      const isThreaded = notice.about !== "problem" && notice.about !== "digest";
      const thread = isThreaded ? readThread(journal.meta.get(threadKey)) : null;
      const updated = thread === null ? null : await api("chat.update", { ...thread, ...rendered });
      // Somebody may have deleted the message.
      if (thread === null || updated === null || updated.reply.error === "message_not_found") {
        const { attempt, reply } = await api("chat.postMessage", { channel, ...rendered });
        if (attempt.kind === "delivered" && isThreaded)
          journal.meta.set(
            threadKey,
            JSON.stringify({ channel: reply.channel ?? channel, ts: reply.ts ?? "" }),
          );
        return attempt;
      }
      if (updated.attempt.kind !== "delivered") return updated.attempt;
      const line = { channel: thread.channel, thread_ts: thread.ts, text: slackReply(notice) };
      return (
        await api("chat.postMessage", { ...line, reply_broadcast: isLoud(notice), unfurl_links: false })
      ).attempt;
    },
  };
}

interface SlackReply {
  ok?: boolean;
  error?: string;
  ts?: string;
  channel?: string;
}

function readReply(answer: HttpAnswer): SlackReply {
  try {
    return JSON.parse(answer.body) as SlackReply;
  } catch {
    // A proxy's page, for example; the status then speaks for itself.
    return {};
  }
}

/** The Web API answers 200 with `ok: false` where others answer 4xx. */
function attemptOfReply(answer: HttpAnswer, reply: SlackReply): Attempt {
  if (answer.status !== 200) return attemptOf(answer);
  if (reply.ok === true) return { kind: "delivered" };
  const code = reply.error ?? "no JSON";
  const error = `Slack answered '${code.replace(/[^a-z_ A-Z]/g, "").slice(0, 80)}'`;
  if (lastingErrors.has(code)) return { kind: "dead", error };
  return { kind: "failed", error, retryAfterSeconds: retryAfterSeconds(answer) };
}

/** Lines that everyone in the channel sees, not only the thread. */
function isLoud(notice: Notice): boolean {
  if (notice.about !== "incident") return notice.about === "pause";
  return ["escalated", "woken", "reminded", "reopened"].includes(notice.event.kind);
}

function readThread(text: string | null): { channel: string; ts: string } | null {
  return text === null ? null : (JSON.parse(text) as { channel: string; ts: string });
}

function quiet(message: SlackMessage): SlackMessage & { unfurl_links: false; unfurl_media: false } {
  return { ...message, unfurl_links: false, unfurl_media: false };
}
