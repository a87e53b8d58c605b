import { readSlackPress, type SlackPress } from "./alerts/slack-actions.ts";
import type { Parts } from "./parts.ts";
import { hourMs, minuteMs } from "./model/clock.ts";
import type { Watch } from "./web/ports.ts";

/** How long a snooze from Slack lasts. */
const snoozeMs = 4 * hourMs;

/** Signatures are remembered for as long as their time is accepted: five minutes before and after it. */
const replayMs = 10 * minuteMs;

/**
 * Creates the answer to `POST /slack/actions`: checks the signature over the raw body, then does what was pressed. A press that
 * comes a second time is done once: whoever has caught one must not pause a workflow that somebody has resumed.
 */
export function createSlackActions(
  { config, clock, wallClock, journal }: Pick<Parts, "config" | "clock" | "wallClock" | "journal">,
  watch: Pick<Watch, "acknowledge" | "snooze" | "resolve" | "pause" | "resume">,
): (request: Request) => Promise<Response> {
  /** By the time they came, oldest first. */
  const seen = new Map<string, number>();
  const isRepeated = (signature: string, nowMs: number): boolean => {
    for (const [old, atMs] of seen) {
      if (atMs > nowMs - replayMs) break;
      seen.delete(old);
    }
    if (seen.has(signature)) return true;
    seen.set(signature, nowMs);
    return false;
  };
  return async (request) => {
    const body = await request.text();
    const timestamp = request.headers.get("x-slack-request-timestamp") ?? "";
    const signature = request.headers.get("x-slack-signature") ?? "";
    const signingSecret = config.routes.slack.signing_secret;
    // Slack signs with the real time, whatever clock the data runs on.
    const nowMs = wallClock.nowMs();
    const read = readSlackPress({ body, timestamp, signature }, { signingSecret, nowMs });
    if (read.kind === "refused") return Response.json({ error: { message: read.reason } }, { status: 401 });
    if (read.kind === "press" && !isRepeated(signature, nowMs)) act(read.press);
    return new Response(null, { status: 200 });
  };

  function act({ action, incidentId, actor }: SlackPress): void {
    const workflow = journal.incidents.get(incidentId)?.workflow;
    if (workflow === undefined) return;
    const by = { actor, reason: "pressed in Slack" };
    switch (action) {
      case "acknowledge":
        watch.acknowledge(incidentId, by);
        break;
      case "snooze":
        watch.snooze(incidentId, by, clock.nowMs() + snoozeMs);
        break;
      case "resolve":
        watch.resolve(incidentId, by);
        break;
      case "pause":
        watch.pause(workflow, by);
        break;
      case "resume":
        watch.resume(workflow, by);
        break;
    }
  }
}
