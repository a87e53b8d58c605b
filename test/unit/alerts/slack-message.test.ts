import { describe, expect, it } from "vitest";
import { slackMessage } from "../../../src/alerts/slack-message.ts";
import { slackText } from "../../../src/alerts/slack-text.ts";
import type { IncidentEventKind } from "../../../src/model/incident.ts";
import { moved } from "../incidents/build.ts";
import { incident, notice, pauseState, startMs } from "./build.ts";

const options = { publicUrl: "https://evenkeel.example.test", buttons: true };

/** Every text of a message, at any depth. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(texts);
  return [];
}

interface AnyBlock {
  type: string;
  text?: { type: string; text: string };
  fields?: { text: string }[];
  elements?: { type: string; text?: { text: string } | string; value?: string; url?: string }[];
}

/** The limits of Block Kit, checked on a rendered message. */
function expectWithinLimits({ text, blocks }: { text: string; blocks: unknown[] }): void {
  expect(text.length).toBeGreaterThan(0);
  expect(text.length).toBeLessThanOrEqual(3000);
  expect(blocks.length).toBeLessThanOrEqual(50);
  for (const block of blocks as AnyBlock[]) {
    if (block.type === "header") expect(block.text!.text.length).toBeLessThanOrEqual(150);
    if (block.type === "section" && block.text) {
      expect(block.text.text.length).toBeLessThanOrEqual(3000);
      expect(block.text.text.length).toBeGreaterThan(0);
    }
    expect(block.fields?.length ?? 1).toBeLessThanOrEqual(10);
    for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2000);
    if (block.type === "actions") expect(block.elements!.length).toBeLessThanOrEqual(25);
    for (const element of block.elements ?? []) {
      expect(element.value?.length ?? 1).toBeLessThanOrEqual(2000);
      expect(element.url?.length ?? 1).toBeLessThanOrEqual(3000);
    }
  }
}

const kinds: IncidentEventKind[] = [
  "opened",
  "joined",
  "explained",
  "escalated",
  "acknowledged",
  "snoozed",
  "woken",
  "reminded",
  "recovered",
  "resolved",
  "reopened",
];

describe("slackMessage()", () => {
  it.each(kinds)("holds Block Kit's limits for '%s'", (kind) => {
    expectWithinLimits(slackMessage(notice(kind), options));
  });

  it("says what, since when, how sure, why, who and what now", () => {
    const all = texts(slackMessage(notice("opened"), options)).join("\n");
    for (const part of [
      "invoices: drift",
      "`output.vendor` was empty in 0.4 % of runs",
      "Tue 17 Nov 14:00 UTC (± 10 min)",
      "3.0 × the alarm level, from 212 runs",
      "Likely cause: upstream data",
      "`input.supplier` is missing",
      "invoices-team@example.test",
      "https://evenkeel.example.test/runs/run-1|run 1",
    ])
      expect(all).toContain(part);
  });

  it("says so when nobody owns the workflow", () => {
    expect(texts(slackMessage(notice("opened", incident({ owner: "" })), options)).join()).toContain(
      "nobody",
    );
  });

  const hostile = "<!channel> <https://evil.example|click> & *b* `c` 😀 ".repeat(400);
  it("holds the limits and escapes markup whatever the content", () => {
    const worst = incident({
      workflow: hostile,
      owner: hostile,
      title: hostile,
      exampleRunIds: ["<a|b>", hostile.slice(0, 200), "c"],
      signals: Array.from({ length: 300 }, (_, i) => ({
        ...moved({ workflow: hostile, kind: "null_rate", field: `${hostile}${i}` }, startMs),
        sentence: `${hostile}${i}`,
      })),
      cause: {
        layer: "workflow logic",
        reasons: Array.from({ length: 50 }, () => hostile),
        change: {
          changeId: "c",
          workflow: hostile,
          atMs: startMs,
          what: "prompt",
          before: hostile,
          after: hostile,
          versionBefore: "",
          versionAfter: "",
          diff: `${hostile}\n\`\`\`\n${hostile}`,
        },
        slice: null,
        lastGoodVersion: hostile,
      },
    });
    for (const kind of kinds) {
      const message = slackMessage(notice(kind, worst), options);
      expectWithinLimits(message);
      for (const text of texts(message)) {
        expect(text).not.toContain("<!");
        expect(text).not.toContain("<https://evil");
        expect(text).not.toMatch(/&(?!amp;|lt;|gt;)/);
        expect(text.isWellFormed()).toBe(true);
      }
    }
  });

  it("offers buttons only where presses can reach us", () => {
    const types = (buttons: boolean) =>
      slackMessage(notice("opened"), { ...options, buttons }).blocks.map((block) => block.type);
    expect(types(true)).toContain("actions");
    expect(types(false)).not.toContain("actions");
  });

  it("offers resume while paused, and pause otherwise", () => {
    const of = (state: "paused" | "running") =>
      texts(slackMessage({ ...notice("opened"), pause: pauseState(state) } as never, options));
    expect(of("paused")).toContain("evenkeel_resume");
    expect(of("running")).toContain("evenkeel_pause");
  });

  it("says what auto-pause would have done in a dry run", () => {
    const all = texts(slackMessage({ ...notice("opened"), wouldPause: true } as never, options)).join();
    expect(all).toContain("it would have stopped the workflow now");
  });

  it("tells of a pause and of a trouble of the sidecar's own", () => {
    const paused = slackMessage(
      { about: "pause", pause: pauseState("paused"), owner: "", incident: incident() },
      options,
    );
    expectWithinLimits(paused);
    expect(texts(paused).join()).toContain("New runs are stopped since Tue 17 Nov 14:20 UTC, by evenkeel");
    const problem = slackMessage(
      { about: "problem", problemId: "disk", text: "The disk is nearly full", solved: false, atMs: 1 },
      options,
    );
    expect(problem.text).toBe("Evenkeel needs help: The disk is nearly full");
  });
});

describe("slackText()", () => {
  const cases = [
    { why: "leaves plain text", text: "plain", max: 10, shown: "plain" },
    { why: "escapes the three control characters", text: "a<b>&c", max: 50, shown: "a&lt;b&gt;&amp;c" },
    { why: "cuts at the limit", text: "abcdef", max: 4, shown: "abc…" },
    { why: "cuts no entity in two", text: "ab&cd", max: 5, shown: "ab…" },
    { why: "cuts no emoji in two", text: "ab😀cd", max: 5, shown: "ab😀…" },
  ];
  it.each(cases)("$why", ({ text, max, shown }) => {
    expect(slackText(text, max)).toBe(shown);
  });
});

describe("slackMessage() of a digest", () => {
  const digest = (lines: { workflow: string; text: string }[]) =>
    slackMessage({ about: "digest", fromMs: 0, toMs: startMs, lines }, options);

  it("stays within what Slack takes of one message, and counts what it leaves out", () => {
    const lines = Array.from({ length: 100 }, (_, n) => ({
      workflow: `${"流".repeat(196)}${n}`,
      text: "<reason> ".repeat(300),
    }));
    const message = digest(lines);
    expectWithinLimits(message);
    const sections = (message.blocks as AnyBlock[]).flatMap(({ type, text }) =>
      type === "section" && text !== undefined ? [text.text] : [],
    );
    expect(sections.join("").length).toBeLessThan(11_000);
    expect(sections.length).toBeGreaterThan(2);
    expect(sections.at(-1)).toBe(`and ${100 - (sections.length - 1)} more workflows`);
  });

  it("keeps each workflow to lines of its own, whatever its name and people's words", () => {
    const [, block] = digest([{ workflow: "a\n*b|c>*", text: "because: x\n*payments*\n0 runs, <!here>" }])
      .blocks as AnyBlock[];
    expect(block?.text?.text).toBe(
      "*<https://evenkeel.example.test/workflows/a%0A*b%7Cc%3E*/report|a *b/c&gt;*>*\nbecause: x *payments* 0 runs, &lt;!here&gt;",
    );
  });
});
