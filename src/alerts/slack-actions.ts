import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** What a person pressed in Slack. */
export interface SlackPress {
  action: "acknowledge" | "snooze" | "pause" | "resume" | "resolve";
  incidentId: string;
  /** `slack:<name or id>`, for the audit log. */
  actor: string;
}

/** What `readSlackPress` made of a request. */
export type SlackRequest =
  | { kind: "press"; press: SlackPress }
  /** Nothing to do: the link button, or something that is not ours. Answer 200. */
  | { kind: "ignored" }
  /** Answer 401. */
  | { kind: "refused"; reason: string };

const windowSeconds = 5 * 60;
const actions: readonly string[] = ["acknowledge", "snooze", "pause", "resume", "resolve"];

/**
 * Checks and reads one request of Slack to `POST /slack/actions`.
 *
 * @param request.body The raw bytes: the signature is over them.
 * @param request.timestamp Header `X-Slack-Request-Timestamp`.
 * @param request.signature Header `X-Slack-Signature`.
 *
 * Source: docs.slack.dev, "Verifying requests from Slack", and "Handling user interaction".
 */
export function readSlackPress(
  request: { body: string; timestamp: string; signature: string },
  { signingSecret, nowMs }: { signingSecret: string; nowMs: number },
): SlackRequest {
  const { body, timestamp, signature } = request;
  if (signingSecret === "")
    return { kind: "refused", reason: "Cannot accept press: no signing secret is configured" };
  const seconds = Number(timestamp);
  if (!/^\d+$/.test(timestamp) || Math.abs(nowMs / 1000 - seconds) > windowSeconds)
    return { kind: "refused", reason: "Cannot accept press: its time is more than 5 minutes off" };
  const expected = `v0=${createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  if (!equal(expected, signature)) return { kind: "refused", reason: "Cannot accept press: wrong signature" };
  const press = parsePress(new URLSearchParams(body).get("payload") ?? "");
  return press === null ? { kind: "ignored" } : { kind: "press", press };
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

const name = z.string().optional().catch(undefined);

const blockActions = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: name, username: name, name }).catch({}),
  actions: z.tuple([z.object({ action_id: z.string(), value: z.string().min(1) })], z.unknown()),
});

function parsePress(payload: string): SlackPress | null {
  const parsed = blockActions.safeParse(parse(payload));
  if (!parsed.success) return null;
  const { user, actions: pressed } = parsed.data;
  const action = pressed[0].action_id.replace(/^evenkeel_/, "");
  if (!isAction(action)) return null;
  const actor = `slack:${user.username ?? user.name ?? user.id ?? "unknown"}`;
  return { action, incidentId: pressed[0].value, actor };
}

function isAction(action: string): action is SlackPress["action"] {
  return actions.includes(action);
}

/** What Slack signed is JSON; anything else holds nothing of ours. */
function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}
