/**
 * Text for a Slack `mrkdwn` or `plain_text` object: control characters escaped, so that nothing in a payload becomes
 * a link, a mention or a channel call, and cut to Slack's limit without splitting an entity or an emoji.
 *
 * @param max Characters that Slack allows in the place where the text goes.
 */
export function slackText(text: string, max: number): string {
  const escaped = escape(text);
  if (escaped.length <= max) return escaped;
  let kept = "";
  for (const character of text) {
    const next = escape(character);
    if (kept.length + next.length > max - 1) break;
    kept += next;
  }
  return `${kept}…`;
}

/** A value from a payload as code, so that Slack reads no markup in it. */
export function slackCode(value: string): string {
  const plain = value.replace(/[`\n]/g, "'");
  return plain === "" ? "" : `\`${plain}\``;
}

/** A link; `url` is our own with every part encoded, `label` may be anything. */
export function slackLink(url: string, label: string): string {
  return `<${url}|${escape(label).replace(/\|/g, "/").replace(/\s+/g, " ")}>`;
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
