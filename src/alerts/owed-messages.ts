import { createHash } from "node:crypto";
import type { OutboxMessage } from "../journal/port.ts";
import type { Notice } from "./notice.ts";
import { quietUntilMs } from "./quiet-hours.ts";
import { type AlertSettings, settingsOf } from "./settings.ts";

/** The channels that tell people; each goes its own way and fails alone. */
export type TellingChannel = "slack" | "alertmanager" | "webhook";

/** The channels that the configuration names. */
export function tellingChannels({ routes }: AlertSettings): TellingChannel[] {
  const channels: TellingChannel[] = [];
  if (routes.slack.webhook_url !== "" || routes.slack.bot_token !== "") channels.push("slack");
  if (routes.alertmanager.url !== "") channels.push("alertmanager");
  if (routes.webhook.url !== "") channels.push("webhook");
  return channels;
}

/**
 * The messages that a notice owes to whom. Keys follow from the notice, so that the same notice owes nothing twice.
 *
 * A signal that joins an incident is told in the incident's thread and to programs, but is no message of its own
 * on an incoming webhook, where it would only be noise.
 */
export function owedMessages(notice: Notice, settings: AlertSettings, nowMs: number): OutboxMessage[] {
  const { id, subject, workflow } = identityOf(notice);
  const heldUntilMs =
    isWarning(notice) && settings.quiet_hours ? quietUntilMs(nowMs, settings.quiet_hours) : null;
  const message = (channel: string, channelSubject: string): OutboxMessage => ({
    key: `${id}-${channel}`,
    channel,
    subject: channelSubject,
    workflow,
    payload: JSON.stringify(notice),
    createdAtMs: nowMs,
    // Alertmanager has mute times of its own.
    ...(heldUntilMs === null || channel === "alertmanager" ? {} : { notBeforeMs: heldUntilMs }),
  });
  const messages = tellingChannels(settings)
    .filter((channel) => takes(channel, notice, settings))
    .map((channel) => message(channel, subject));
  if (notice.about === "pause") {
    const { pause } = settingsOf(settings, workflow);
    if (pause.webhook !== "") messages.push(message("pause", workflow));
    if (pause.adapter !== undefined) messages.push(message("platform", workflow));
  }
  return messages;
}

function isWarning(notice: Notice): boolean {
  return notice.about === "incident" && notice.event.incident.severity === "warning";
}

function takes(channel: TellingChannel, notice: Notice, { routes }: AlertSettings): boolean {
  if (channel === "alertmanager") return notice.about === "incident";
  if (channel === "slack" && routes.slack.bot_token === "")
    return !(notice.about === "incident" && notice.event.kind === "joined");
  return true;
}

function identityOf(notice: Notice): { id: string; subject: string; workflow: string } {
  switch (notice.about) {
    case "incident": {
      const { eventId, incident } = notice.event;
      return { id: eventId, subject: incident.incidentId, workflow: incident.workflow };
    }
    case "pause": {
      const { workflow, state, sinceMs, incidentId } = notice.pause;
      // In the thread of its incident, where there is one.
      return {
        id: `${state}_${hash(workflow, sinceMs)}`,
        subject: incidentId === "" ? workflow : incidentId,
        workflow,
      };
    }
    case "problem": {
      const { problemId, atMs, solved } = notice;
      return { id: `problem_${hash(problemId, atMs, solved)}`, subject: problemId, workflow: "" };
    }
    case "approval": {
      const { approvalId, workflow, state } = notice.approval;
      return { id: `approval_${hash(approvalId, state)}`, subject: `approval ${approvalId}`, workflow };
    }
    case "digest":
      return { id: `digest_${hash(notice.toMs)}`, subject: "digest", workflow: "" };
  }
}

function hash(...parts: (string | number | boolean)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
