import { minuteMs } from "../model/clock.ts";

/** When people are not to be disturbed by warnings. Equal times mean never. */
export interface QuietHours {
  /** `22:00`, in `timezone`. */
  from: string;
  /** `07:00`; earlier than `from` where the night is meant. */
  to: string;
  /** IANA name: `Europe/Berlin`. */
  timezone: string;
}

const dayMinutes = 24 * 60;

/**
 * When quiet hours end, in milliseconds since the epoch, or null while there are none.
 *
 * @throws {RangeError} If the time zone is not known.
 */
export function quietUntilMs(nowMs: number, { from, to, timezone }: QuietHours): number | null {
  const length = (minuteOf(to) - minuteOf(from) + dayMinutes) % dayMinutes;
  const now = localMinute(nowMs, timezone);
  const passed = (now - minuteOf(from) + dayMinutes) % dayMinutes;
  if (passed >= length) return null;
  const startOfMinuteMs = Math.floor(nowMs / minuteMs) * minuteMs;
  const untilMs = startOfMinuteMs + (length - passed) * minuteMs;
  // A night in which the clocks change is an hour longer or shorter than it looks from here.
  const off = (minuteOf(to) - localMinute(untilMs, timezone) + dayMinutes) % dayMinutes;
  return untilMs + (off > dayMinutes / 2 ? off - dayMinutes : off) * minuteMs;
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return (hours * 60 + minutes) % dayMinutes;
}

function localMinute(atMs: number, timezone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return minuteOf(format.format(atMs));
}
