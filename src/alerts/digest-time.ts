import { dayMs, hourMs } from "../model/clock.ts";

/** As the configuration names them. */
export const weekdays = [
  "sunday",
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
] as const;

export type Weekday = (typeof weekdays)[number];

const digestHour = 9;

/**
 * Whether the week's digest is owed: nine o'clock on the weekday has come since the last one.
 *
 * @param lastMs When the last digest was owed, milliseconds since the epoch.
 * @param timezone IANA name: `Europe/Berlin`.
 */
export function digestIsDue(nowMs: number, lastMs: number, weekday: Weekday, timezone: string): boolean {
  const { day, hour } = localTime(nowMs, timezone);
  const days = (day - weekdays.indexOf(weekday) + 7) % 7;
  const hours = (days * 24 + hour - digestHour + 7 * 24) % (7 * 24);
  const scheduledMs = Math.floor(nowMs / hourMs) * hourMs - hours * hourMs;
  // In a week in which the clocks change, nine o'clock looks an hour off from here.
  return scheduledMs - lastMs > dayMs / 2;
}

function localTime(atMs: number, timezone: string): { day: number; hour: number } {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    weekday: "long",
    hour: "2-digit",
    hourCycle: "h23",
  });
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    day: weekdays.findIndex((name) => name === parts.weekday?.toLowerCase()),
    hour: Number(parts.hour),
  };
}
