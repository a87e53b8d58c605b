import { minuteMs } from "../model/clock.ts";

/** A time to the minute in UTC, as people say it: `Tue 17 Nov 14:10 UTC`. */
export function shortTime(atMs: number): string {
  const [day = "", date = "", month = "", , time = ""] = new Date(atMs)
    .toUTCString()
    .replace(",", "")
    .split(" ");
  return `${day} ${date} ${month} ${time.slice(0, 5)} UTC`;
}

/** How far an onset may be off, on its worse side: `± 20 min`. */
export function uncertainty({
  atMs,
  earliestMs,
  latestMs,
}: {
  atMs: number;
  earliestMs: number;
  latestMs: number;
}): string {
  const minutes = Math.max(1, Math.round(Math.max(atMs - earliestMs, latestMs - atMs) / minuteMs));
  return minutes < 90 ? `± ${minutes} min` : `± ${Math.round(minutes / 60)} h`;
}
