import { dayMs, hourMs } from "../model/clock.ts";
import type { Random } from "./random.ts";

/** Runs a day of the demo's workflows, on average over a week. */
export const runsPerDay = 420;

/** Share of the busiest hour by hour of the day (UTC): people sleep, but a bank does not close. */
const byHour = [
  0.55, 0.5, 0.48, 0.48, 0.5, 0.58, 0.7, 0.84, 0.95, 1, 1, 0.98, 0.95, 0.96, 0.98, 0.97, 0.94, 0.9, 0.86,
  0.82, 0.78, 0.72, 0.66, 0.6,
];
/** The same by day of the week, Sunday first. */
const byWeekday = [0.72, 1, 0.98, 0.96, 0.97, 0.93, 0.78];

const meanShare = mean(byHour) * mean(byWeekday);
const peakPerMs = runsPerDay / dayMs / meanShare;

/**
 * Times at which runs come in, oldest first, no two alike: a Poisson process whose rate follows hours and weekdays.
 *
 * @returns milliseconds since the epoch, from `fromMs` up to and not including `toMs`.
 */
export function* arrivals(fromMs: number, toMs: number, random: Random): Generator<number> {
  let lastMs = Number.NEGATIVE_INFINITY;
  for (let atMs = fromMs; ; ) {
    atMs -= Math.log(1 - random.next()) / peakPerMs;
    if (atMs >= toMs) return;
    const ms = Math.floor(atMs);
    if (ms === lastMs || random.next() >= share(atMs)) continue;
    lastMs = ms;
    yield ms;
  }
}

function share(atMs: number): number {
  const weekday = byWeekday[new Date(atMs).getUTCDay()] ?? 1;
  return weekday * (byHour[Math.floor((atMs % dayMs) / hourMs)] ?? 1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
