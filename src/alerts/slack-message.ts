import { approvalText, approvalTitle } from "./approval-words.ts";
import type { DriftingSignal, Incident, IncidentEventKind } from "../model/incident.ts";
import { ownActor } from "../model/own-actor.ts";
import { plural } from "../model/plural.ts";
import type { PauseState } from "../journal/port.ts";
import type { Digest, Notice } from "./notice.ts";
import { slackCode, slackLink, slackText } from "./slack-text.ts";
import { shortTime, uncertainty } from "./words.ts";

/** One block of Block Kit. */
interface Block {
  type: string;
  [property: string]: unknown;
}

/** A Slack message as both of its APIs take it. */
export interface SlackMessage {
  /** What notifications show, and screen readers read. */
  text: string;
  blocks: Block[];
}

export interface SlackOptions {
  /** "" for no links. */
  publicUrl: string;
  /** Whether presses of buttons reach us. */
  buttons: boolean;
}

// Limits of Block Kit (docs.slack.dev, "Block Kit reference").
const headerMax = 150;
const sectionMax = 3000;
const fieldMax = 2000;
const fallbackMax = 1000;

const reasonsMax = 4;
const othersMax = 5;
/** A message has at most 50 blocks. */
const digestLinesMax = 45;
const digestLineMax = 600;
/** Slack refuses a message whose blocks hold some 12,000 characters together, which its reference does not say. */
const digestMax = 10_000;

/** Renders a notice so that it reads well on a phone: what, since when, how sure, why, who, what now. */
export function slackMessage(notice: Notice, options: SlackOptions): SlackMessage {
  switch (notice.about) {
    case "incident":
      return incidentMessage(notice.event.incident, notice.event.kind, notice, options);
    case "pause":
      return pauseMessage(notice.pause, notice.owner, notice.incident, options);
    case "problem": {
      const text = `${notice.solved ? "Solved" : "Evenkeel needs help"}: ${notice.text}`;
      return { text: slackText(text, fallbackMax), blocks: [section(slackText(text, sectionMax))] };
    }
    case "approval": {
      const title = approvalTitle(notice);
      const text = approvalText(notice, options.publicUrl, sectionMax);
      return { text: slackText(title, fallbackMax), blocks: [heading(title), section(text)] };
    }
    case "digest":
      return digestMessage(notice, options);
  }
}

/** One line for a thread: who did what. */
export function slackReply(notice: Notice): string {
  switch (notice.about) {
    case "incident": {
      const { kind, actor, note, atMs } = notice.event;
      const who = actor === ownActor ? "" : ` by ${actor}`;
      const more = note === "" ? "" : `: ${note}`;
      return slackText(`${sentenceStart(stateWords[kind])}${who}, ${shortTime(atMs)}${more}`, sectionMax);
    }
    case "pause":
      return slackText(pauseLine(notice.pause), sectionMax);
    case "problem":
      return slackText(notice.text, sectionMax);
    case "approval":
      return slackText(approvalTitle(notice), sectionMax);
    case "digest":
      return digestTitle(notice);
  }
}

const stateWords: Record<IncidentEventKind, string> = {
  opened: "drift",
  joined: "drift, one more signal",
  explained: "drift, a change was found that may have begun it",
  escalated: "drift, now critical",
  acknowledged: "acknowledged",
  snoozed: "snoozed",
  woken: "still drifting after the snooze",
  reminded: "still drifting",
  recovered: "recovered",
  resolved: "resolved",
  reopened: "drift again",
};

function incidentMessage(
  incident: Incident,
  kind: IncidentEventKind,
  { pause, wouldPause }: { pause: PauseState; wouldPause: boolean },
  options: SlackOptions,
): SlackMessage {
  const { workflow, severity, title, cause } = incident;
  const paused = pause.state === "paused";
  const mark = incident.state === "resolved" ? "✅" : severity === "critical" ? "🔴" : "🟡";
  const header = `${mark} ${workflow}: ${stateWords[kind]}${paused ? ", paused" : ""}`;
  const blocks: Block[] = [
    heading(header),
    section(slackText(title, sectionMax)),
    { type: "section", fields: facts(incident) },
  ];
  if (incident.state !== "resolved") {
    const reasons = cause.reasons.slice(0, reasonsMax).map((reason) => `• ${reason}`);
    blocks.push(section(slackText(`*Likely cause: ${cause.layer}*\n${reasons.join("\n")}`, sectionMax)));
    const others = movedWith(incident);
    if (others !== "") blocks.push(section(slackText(others, sectionMax)));
    if (cause.change !== null && cause.change.diff !== "") blocks.push(section(diffBlock(cause.change.diff)));
    blocks.push(section(whatNow(incident, pause, wouldPause, options)));
    if (options.buttons) blocks.push(buttons(incident, paused, options));
  }
  blocks.push(context(incident, options));
  const fallback = `${header}. ${title}`;
  return { text: slackText(fallback, fallbackMax), blocks };
}

function facts(incident: Incident): unknown[] {
  const leading = incident.signals.find(({ sentence }) => sentence === incident.title) ?? incident.signals[0];
  const lines = [
    [
      "Owner",
      incident.owner === "" ? "nobody: name one under `workflows` in the configuration" : incident.owner,
    ],
    ["State", `${incident.state}, ${incident.severity}`],
  ];
  if (leading !== undefined) {
    const { onset, evidence, current } = leading.drift;
    lines.unshift(
      ["Since", `${shortTime(onset.atMs)} (${uncertainty(onset)})`],
      [
        "How sure",
        `${evidence.toFixed(1)} × the alarm level, from ${current.runs} ${plural(current.runs, "run")}`,
      ],
    );
  }
  return lines.map(([name = "", value = ""]) => mrkdwn(slackText(`*${name}*\n${value}`, fieldMax)));
}

/** One line for each further field; several kinds of signal often see the same thing in it. */
function movedWith(incident: Incident): string {
  const seen = new Set(incident.signals.filter((one) => one.sentence === incident.title).map(fieldOf));
  const others = incident.signals.filter((one) => {
    const isFirst = one.recoveredAtMs === null && !seen.has(fieldOf(one));
    seen.add(fieldOf(one));
    return isFirst;
  });
  if (others.length === 0) return "";
  const lines = others.slice(0, othersMax).map((one) => `• ${one.sentence}`);
  const more = others.length > othersMax ? [`• and ${others.length - othersMax} more`] : [];
  return ["*Moved with it, in order of onset*", ...lines, ...more].join("\n");
}

function fieldOf({ signal }: DriftingSignal): string {
  return signal.field === "" ? signal.kind : signal.field;
}

function diffBlock(diff: string): string {
  return `*The prompt's change*\n\`\`\`\n${slackText(diff.replace(/`/g, "'"), 1500)}\n\`\`\``;
}

function whatNow(
  incident: Incident,
  pause: PauseState,
  wouldPause: boolean,
  { publicUrl }: SlackOptions,
): string {
  const lines = [];
  if (pause.state === "paused") lines.push("New runs are stopped until a person resumes the workflow.");
  else if (wouldPause) lines.push("Auto-pause is on trial: it would have stopped the workflow now.");
  else lines.push("The workflow goes on.");
  if (publicUrl !== "" && incident.exampleRunIds.length > 0) {
    const links = incident.exampleRunIds.map((id, i) =>
      slackLink(`${publicUrl}/runs/${encodeURIComponent(id)}`, `run ${i + 1}`),
    );
    lines.push(`Look at ${links.join(", ")}.`);
  }
  return `*What now*\n${lines.join("\n")}`;
}

function buttons(incident: Incident, paused: boolean, { publicUrl }: SlackOptions): Block {
  const button = (action: string, label: string, style?: "primary" | "danger") => ({
    type: "button",
    action_id: `evenkeel_${action}`,
    text: { type: "plain_text", text: label },
    value: incident.incidentId,
    ...(style === undefined ? {} : { style }),
  });
  const elements: unknown[] = [];
  if (incident.state === "open" || incident.state === "snoozed")
    elements.push(button("acknowledge", "Acknowledge", "primary"));
  if (incident.state !== "snoozed") elements.push(button("snooze", "Snooze 4 h"));
  elements.push(paused ? button("resume", "Resume") : button("pause", "Pause", "danger"));
  elements.push(button("resolve", "Resolve"));
  if (publicUrl !== "") elements.push({ ...button("open", "Open"), url: incidentUrl(publicUrl, incident) });
  return { type: "actions", elements };
}

function context(incident: Incident, { publicUrl }: SlackOptions): Block {
  const name =
    publicUrl === "" ? incident.incidentId : slackLink(incidentUrl(publicUrl, incident), incident.incidentId);
  return { type: "context", elements: [mrkdwn(`${name} · Evenkeel`)] };
}

function pauseMessage(
  pause: PauseState,
  owner: string,
  incident: Incident | null,
  options: SlackOptions,
): SlackMessage {
  const header = pause.state === "paused" ? `⏸️ ${pause.workflow}: paused` : `▶️ ${pause.workflow}: resumed`;
  const who = owner === "" ? "nobody: name one under `workflows` in the configuration" : owner;
  const blocks: Block[] = [
    heading(header),
    section(slackText(`${pauseLine(pause)}\n*Owner* ${who}`, sectionMax)),
  ];
  if (incident !== null && options.buttons) blocks.push(buttons(incident, pause.state === "paused", options));
  if (incident !== null) blocks.push(context(incident, options));
  return { text: slackText(`${header}. ${pause.reason}`, fallbackMax), blocks };
}

function digestMessage(digest: Digest, { publicUrl }: SlackOptions): SlackMessage {
  const shown: Block[] = [];
  let left = digestMax;
  for (const { workflow, text } of digest.lines.slice(0, digestLinesMax)) {
    const url = `${publicUrl}/workflows/${encodeURIComponent(workflow)}/report`;
    const name = publicUrl === "" ? slackText(slackCode(workflow), 500) : slackLink(url, workflow);
    // On one line, so that nothing that people wrote looks like another workflow's.
    const line = `*${name}*\n${slackText(text.replace(/\s+/g, " "), digestLineMax)}`;
    left -= line.length;
    if (left < 0) break;
    shown.push(section(line));
  }
  const more = digest.lines.length - shown.length;
  if (more > 0) shown.push(section(`and ${more} more ${plural(more, "workflow")}`));
  return { text: digestTitle(digest), blocks: [heading(digestTitle(digest)), ...shown] };
}

function digestTitle({ toMs }: Digest): string {
  return `The week to ${shortTime(toMs)}`;
}

function pauseLine({ workflow, state, actor, reason, sinceMs }: PauseState): string {
  const done = state === "paused" ? "New runs are stopped" : "New runs are let through";
  return `${slackCode(workflow)}: ${done} since ${shortTime(sinceMs)}, by ${actor}${reason === "" ? "" : `: ${reason}`}`;
}

function incidentUrl(publicUrl: string, incident: Incident): string {
  return `${publicUrl}/incidents/${incident.incidentId}`;
}

function heading(text: string): Block {
  return { type: "header", text: { type: "plain_text", text: slackText(text, headerMax), emoji: true } };
}

function section(text: string): Block {
  return { type: "section", text: mrkdwn(text) };
}

function mrkdwn(text: string): { type: string; text: string } {
  return { type: "mrkdwn", text };
}

function sentenceStart(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
