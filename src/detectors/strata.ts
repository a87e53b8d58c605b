import { dayMs, hourMs } from "../model/clock.ts";
import type { SignalBaseline, Strata } from "./baseline.ts";
import type { Hour } from "./history.ts";
import { isCounted } from "./layout.ts";

/** Days of history below which an hour of the day has no effect of its own, and a weekday none. */
const daysForHours = 2;
const daysForWeekdays = 14;

/** The hour of the day (UTC) of a time. */
export function hourOfDay(atMs: number): number {
  return Math.floor((atMs % dayMs) / hourMs);
}

/** The weekday (UTC, Sunday is 0) of a time. */
export function weekday(atMs: number): number {
  return (Math.floor(atMs / dayMs) + 4) % 7;
}

/**
 * Expected shares in the hour that holds a time; for volume the expected runs per hour, for a hazard per run and day.
 *
 * @returns *k* numbers, summing to 1 unless they are rates.
 */
export function expectedShares(baseline: SignalBaseline, atMs: number): readonly number[] {
  const { shares, strata, layout } = baseline;
  if (strata === null) return shares;
  const effects = [strata.hours?.[hourOfDay(atMs)], strata.weekdays?.[weekday(atMs)]];
  const raw = shares.map((share, k) => share * Math.exp((effects[0]?.[k] ?? 0) + (effects[1]?.[k] ?? 0)));
  if (isCounted(layout)) return raw;
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((share) => share / sum);
}

/**
 * Learns what the hour of the day and the weekday do to each bin, shrunken by how far they can be told from
 * noise (empirical Bayes), and only as far as the history supports them.
 *
 * @returns null where nothing stands out.
 */
export function learnStrata(baseline: SignalBaseline, history: readonly Hour[]): Strata | null {
  const flat = { ...baseline, strata: null };
  const hours =
    baseline.days >= daysForHours ? effects(flat, history, 24, hourOfDay, 0.02 / baseline.days) : null;
  const withHours: SignalBaseline = { ...baseline, strata: { hours, weekdays: null } };
  const weekdays =
    baseline.days >= daysForWeekdays ? effects(withHours, history, 7, weekday, 0.28 / baseline.days) : null;
  return hours === null && weekdays === null ? null : { hours, weekdays };
}

/**
 * Shrunken log ratios of observed to expected counts by group and bin.
 *
 * @param noise Variance of a group's log ratio that comes from days and hours being different anyway.
 */
function effects(
  baseline: SignalBaseline,
  history: readonly Hour[],
  groups: number,
  groupOf: (atMs: number) => number,
  noise: number,
): number[][] | null {
  const k = baseline.shares.length;
  const seen = matrix(groups, k);
  const expected = matrix(groups, k);
  for (const { hour, n, counts, exposure } of history) {
    const group = groupOf(hour * hourMs);
    const shares = expectedShares(baseline, hour * hourMs);
    for (let at = 0; at < k; at++) {
      add(seen, group, at, counts[at] ?? 0);
      add(expected, group, at, (exposure?.[at] ?? n) * (shares[at] ?? 0));
    }
  }
  const spread = excessVariance(baseline, seen, expected, noise);
  if (spread === null) return null;
  return seen.map((row, group) =>
    row.map((x, at) => {
      const e = expected[group]?.[at] ?? 0;
      const shrink = spread / (spread + 1 / (e + 0.5) + noise);
      return round(shrink * Math.log((x + 0.5) / (e + 0.5)));
    }),
  );
}

/** Variance of the true log ratios, or null where chance explains what is seen. */
function excessVariance(
  baseline: SignalBaseline,
  seen: readonly number[][],
  expected: readonly number[][],
  noise: number,
): number | null {
  let chiSquare = 0;
  let cells = 0;
  let excess = 0;
  let weight = 0;
  for (const [group, row] of seen.entries()) {
    for (const [at, x] of row.entries()) {
      const e = expected[group]?.[at] ?? 0;
      if (e < 1) continue;
      const share = isCounted(baseline.layout) ? 0 : (baseline.shares[at] ?? 0);
      const squared = (x - e) ** 2;
      chiSquare += squared / (e * (1 - share) + noise * e * e + 1e-9);
      cells += 1;
      excess += squared - e * (1 - share) - noise * e * e;
      weight += e * e;
    }
  }
  if (cells === 0 || chiSquare < cells + 3 * Math.sqrt(2 * cells)) return null;
  return Math.max(excess, 0) / weight;
}

function matrix(rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
}

function add(to: number[][], row: number, column: number, value: number): void {
  const cells = to[row];
  if (cells !== undefined) cells[column] = (cells[column] ?? 0) + value;
}

/** Four decimals are a hundred times finer than what can be learned, and keep the JSON small; JSON has no -0. */
function round(value: number): number {
  return Math.round(value * 1e4) / 1e4 + 0;
}
