import { dayMs, hourMs } from "../model/clock.ts";
import type { SignalBaseline } from "./baseline.ts";
import { isCounted } from "./layout.ts";

/** The hour of the day (UTC) of a time. */
export function hourOfDay(atMs: number): number {
  return Math.floor((atMs % dayMs) / hourMs);
}

/** The weekday (UTC, Sunday is 0) of a time. */
export function weekday(atMs: number): number {
  return (Math.floor(atMs / dayMs) + 4) % 7;
}

/** The hour of the week (UTC, the first of Sunday is 0) of a time. */
export function hourOfWeek(atMs: number): number {
  return 24 * weekday(atMs) + hourOfDay(atMs);
}

/**
 * Expected shares in the hour that holds a time; for volume the expected runs per hour, for a hazard per run and day.
 *
 * @returns *k* numbers, summing to 1 unless they are rates.
 */
export function expectedShares(baseline: SignalBaseline, atMs: number): readonly number[] {
  const { shares, strata, layout } = baseline;
  if (strata === null) return shares;
  const hour = strata.hours?.[hourOfDay(atMs)];
  const day = strata.weekdays?.[weekday(atMs)];
  const both = strata.weekHours?.[hourOfWeek(atMs)];
  const raw = shares.map(
    (share, k) => share * Math.exp((hour?.[k] ?? 0) + (day?.[k] ?? 0) + (both?.[k] ?? 0)),
  );
  if (isCounted(layout)) return raw;
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((share) => share / sum);
}
