import { describe, expect, it } from "vitest";
import { digestIsDue } from "../../../src/alerts/digest-time.ts";

describe("digestIsDue()", () => {
  const cases = [
    { why: "is not before nine", now: "2026-11-16T08:59:59Z", last: "2026-11-09T09:00:00Z", due: false },
    { why: "is at nine", now: "2026-11-16T09:00:00Z", last: "2026-11-09T09:00:20Z", due: true },
    { why: "is once a week", now: "2026-11-16T09:01:00Z", last: "2026-11-16T09:00:20Z", due: false },
    {
      why: "is made up for after a stop",
      now: "2026-11-19T03:00:00Z",
      last: "2026-11-09T09:00:20Z",
      due: true,
    },
    {
      why: "is not made up for twice",
      now: "2026-11-20T03:00:00Z",
      last: "2026-11-19T03:00:00Z",
      due: false,
    },
    {
      why: "is in the time zone",
      now: "2026-11-16T08:00:00Z",
      last: "2026-11-09T08:00:20Z",
      zone: "Europe/Berlin",
      due: true,
    },
    {
      why: "is not owed again because the clocks went back",
      now: "2026-10-25T12:00:00Z",
      last: "2026-10-19T07:00:20Z",
      zone: "Europe/Berlin",
      due: false,
    },
    {
      why: "is not owed again because the clocks went forward",
      now: "2026-03-29T12:00:00Z",
      last: "2026-03-23T08:00:20Z",
      zone: "Europe/Berlin",
      due: false,
    },
  ];
  it.each(cases)("$why", ({ now, last, zone = "UTC", due }) => {
    expect(digestIsDue(Date.parse(now), Date.parse(last), "monday", zone)).toBe(due);
  });
});
