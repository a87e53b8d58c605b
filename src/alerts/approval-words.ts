import type { Notice } from "./notice.ts";
import { slackCode, slackLink, slackText } from "./slack-text.ts";
import { shortTime } from "./words.ts";

type ApprovalNotice = Extract<Notice, { about: "approval" }>;

/** What waits, in one line without markup. */
export function approvalTitle({ approval: { workflow, state }, openItems }: ApprovalNotice): string {
  const others = openItems > 1 ? `, ${openItems} items ask for a person` : "";
  return state === "held"
    ? `✋ ${workflow}: held for approval${others}`
    : `⌛ ${workflow}: nobody decided in time${others}`;
}

/** What waits, why, until when, and where to decide; for Slack. Carries nothing of the payload. */
export function approvalText({ approval, owner }: ApprovalNotice, publicUrl: string, max: number): string {
  const { action, reasons, state, deadlineMs, actsOnTimeout, approvalId } = approval;
  const then = actsOnTimeout ? "then it is done without a person" : "it is not done without a person";
  const lines = [
    slackCode(action.slice(0, 200)),
    `*Why* ${reasons.join("; ")}`,
    `*Owner* ${owner === "" ? "nobody: name one under `workflows` in the configuration" : owner}`,
    state === "held"
      ? `Decide until ${shortTime(deadlineMs)}; ${then}.`
      : actsOnTimeout
        ? "It was done without a person, as configured."
        : "It was not done. Finish it by hand, or close it.",
  ];
  const text = slackText(lines.join("\n"), max - 500);
  const link = `${publicUrl}/approvals/${encodeURIComponent(approvalId)}`;
  return publicUrl === "" ? text : `${text}\n${slackLink(link, "Open it")}`;
}
