import { describe, expect, it } from "vitest";
import { owedMessages } from "../../../src/alerts/owed-messages.ts";
import { type QuietHours, quietUntilMs } from "../../../src/alerts/quiet-hours.ts";
import { event, incident, notice, pauseState, settings } from "./build.ts";

const night: QuietHours = { from: "22:00", to: "07:00", timezone: "Europe/Berlin" };

describe("quietUntilMs()", () => {
  const cases = [
    {
      why: "ends the next morning",
      now: "2026-11-17T21:30:00Z",
      quiet: night,
      until: "2026-11-18T06:00:00Z",
    },
    {
      why: "ends the same morning after midnight",
      now: "2026-11-18T00:10:30Z",
      quiet: night,
      until: "2026-11-18T06:00:00Z",
    },
    { why: "begins on the minute", now: "2026-11-17T21:00:00Z", quiet: night, until: "2026-11-18T06:00:00Z" },
    { why: "is over on the minute", now: "2026-11-18T06:00:00Z", quiet: night, until: null },
    { why: "is not by day", now: "2026-11-17T12:00:00Z", quiet: night, until: null },
    {
      why: "may lie within a day",
      now: "2026-11-17T12:15:00Z",
      quiet: { from: "12:00", to: "13:00", timezone: "UTC" },
      until: "2026-11-17T13:00:00Z",
    },
    {
      why: "never is where both times are equal",
      now: "2026-11-17T12:00:00Z",
      quiet: { from: "12:00", to: "12:00", timezone: "UTC" },
      until: null,
    },
    {
      why: "is an hour longer when summer time ends",
      now: "2026-10-24T21:00:00Z",
      quiet: night,
      until: "2026-10-25T06:00:00Z",
    },
    {
      why: "is an hour shorter when summer time begins",
      now: "2026-03-28T22:00:00Z",
      quiet: night,
      until: "2026-03-29T05:00:00Z",
    },
  ];
  it.each(cases)("$why", ({ now, quiet, until }) => {
    const untilMs = quietUntilMs(Date.parse(now), quiet);
    expect(untilMs === null ? null : new Date(untilMs).toISOString().replace(".000", "")).toBe(until);
  });
});

describe("owedMessages() in quiet hours", () => {
  const nowMs = Date.parse("2026-11-17T23:00:00Z");
  const untilMs = Date.parse("2026-11-18T06:00:00Z");
  const all = {
    ...settings({
      slack: { webhook_url: "https://s.test", bot_token: "", channel: "", signing_secret: "" },
      webhook: { url: "https://h.test", secret: "" },
      alertmanager: { url: "http://am.test" },
    }),
    quiet_hours: night,
  };
  const held = (...args: Parameters<typeof owedMessages>) =>
    Object.fromEntries(
      owedMessages(...args).map(({ channel, notBeforeMs }) => [channel, notBeforeMs ?? null]),
    );

  it("holds warnings, but not from Alertmanager", () => {
    const warning = incident({ severity: "warning" });
    const told = {
      about: "incident" as const,
      event: event("opened", warning),
      pause: pauseState("running"),
      wouldPause: false,
    };
    expect(held(told, all, nowMs)).toEqual({ slack: untilMs, webhook: untilMs, alertmanager: null });
  });

  it("holds neither what is critical nor pauses", () => {
    expect(held(notice("opened"), all, nowMs)).toEqual({ slack: null, webhook: null, alertmanager: null });
    const paused = { about: "pause" as const, pause: pauseState("paused"), owner: "", incident: null };
    expect(held(paused, all, nowMs)).toEqual({ slack: null, webhook: null });
  });
});
