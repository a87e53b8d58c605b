import { readSlackPress } from "./alerts/slack-actions.ts";
import type { Parts } from "./parts.ts";
import { hourMs } from "./model/clock.ts";
import type { Watch } from "./web/ports.ts";

/** How long a snooze from Slack lasts. */
const snoozeMs = 4 * hourMs;

/** Answers `POST /slack/actions`: checks the signature over the raw body, then does what was pressed. */
export async function slackActions(
  request: Request,
  { config, clock, wallClock, journal }: Parts,
  watch: Watch,
): Promise<Response> {
  const body = await request.text();
  const timestamp = request.headers.get("x-slack-request-timestamp") ?? "";
  const signature = request.headers.get("x-slack-signature") ?? "";
  const signingSecret = config.routes.slack.signing_secret;
  // Slack signs with the real time, whatever clock the data runs on.
  const read = readSlackPress({ body, timestamp, signature }, { signingSecret, nowMs: wallClock.nowMs() });
  if (read.kind === "refused") return Response.json({ error: { message: read.reason } }, { status: 401 });
  if (read.kind === "ignored") return new Response(null, { status: 200 });
  const { action, incidentId, actor } = read.press;
  const workflow = journal.incidents.get(incidentId)?.workflow;
  if (workflow === undefined) return new Response(null, { status: 200 });
  const act = { actor, reason: "pressed in Slack" };
  switch (action) {
    case "acknowledge":
      watch.acknowledge(incidentId, act);
      break;
    case "snooze":
      watch.snooze(incidentId, act, clock.nowMs() + snoozeMs);
      break;
    case "resolve":
      watch.resolve(incidentId, act);
      break;
    case "pause":
      watch.pause(workflow, act);
      break;
    case "resume":
      watch.resume(workflow, act);
      break;
  }
  return new Response(null, { status: 200 });
}
