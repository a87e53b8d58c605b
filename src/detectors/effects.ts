import { hourMs } from "../model/clock.ts";
import type { SignalBaseline } from "./baseline.ts";
import { reachOf } from "./dispersion.ts";
import type { Hour } from "./history.ts";
import { isCounted } from "./layout.ts";
import { dot } from "./math/dot.ts";
import { expectedShares } from "./strata.ts";

/** A way to group the hours of a history. */
export interface Grouping {
  groups: number;
  groupOf: (atMs: number) => number;
  /** Variance of the logarithm of a group's share that comes from days and hours being different anyway. */
  noise: number;
}

/** What groups of hours do to each bin, and what it was learned from. */
export interface Effects extends Grouping {
  /** What is expected without them. */
  without: SignalBaseline;
  /** How much of a variance of its own logarithm reaches each bin (see `reachOf`). */
  reach: number[];
  /** *groups* × *k* counts. */
  seen: number[][];
  expected: number[][];
  /** Variance of the effects on the logarithm of each bin, before shares are made to sum to 1. */
  spread: number;
  /** *groups* × *k* shrunken logarithms of seen over expected. */
  logs: number[][];
}

/** Learns effects of groups of hours, each shrunken by how far it can be told from noise; null where none stands out. */
export function learnEffects(
  without: SignalBaseline,
  history: readonly Hour[],
  grouping: Grouping,
): Effects | null {
  const k = without.shares.length;
  const counts = {
    ...grouping,
    without,
    reach: reachesOf(without),
    seen: matrix(grouping.groups, k),
    expected: matrix(grouping.groups, k),
  };
  for (const entry of history) count(counts, entry, 1);
  const spread = excessVariance(counts);
  if (spread === null) return null;
  const effects = { ...counts, spread };
  return { ...effects, logs: counts.seen.map((_, group) => shrunkenLogs(effects, group)) };
}

/** The same effects without what one day said of its own groups. */
export function leaveOut(effects: Effects, day: readonly Hour[]): Effects {
  const groups = new Set(day.map(({ hour }) => effects.groupOf(hour * hourMs)));
  const copied = (rows: number[][]): number[][] =>
    rows.map((row, group) => (groups.has(group) ? [...row] : row));
  const others = { ...effects, seen: copied(effects.seen), expected: copied(effects.expected) };
  for (const entry of day) count(others, entry, -1);
  const logs = effects.logs.map((row, group) => (groups.has(group) ? shrunkenLogs(others, group) : row));
  return { ...others, logs };
}

type Counts = Omit<Effects, "spread" | "logs">;

/** Adds an hour to the counts of its group, or takes it out. */
function count(to: Counts, { hour, n, counts, exposure }: Hour, sign: 1 | -1): void {
  const group = to.groupOf(hour * hourMs);
  const seen = to.seen[group] ?? [];
  const expected = to.expected[group] ?? [];
  for (const [at, share] of expectedShares(to.without, hour * hourMs).entries()) {
    seen[at] = (seen[at] ?? 0) + sign * (counts[at] ?? 0);
    expected[at] = (expected[at] ?? 0) + sign * (exposure?.[at] ?? n) * share;
  }
}

function shrunkenLogs(effects: Omit<Effects, "logs">, group: number): number[] {
  const { without, reach, spread, noise, seen, expected } = effects;
  return (seen[group] ?? []).map((x, at) => {
    const e = Math.max(0, expected[group]?.[at] ?? 0) + 0.5;
    const reached = reach[at] ?? 0;
    const shrink = (spread * reached) / ((spread + noise) * reached + chanceOf(without, at, e));
    return rounded(shrink * Math.log((Math.max(0, x) + 0.5) / e));
  });
}

/** Rates over time are no parts of a whole: nothing that one does moves another. */
function reachesOf({ layout, shares }: SignalBaseline): number[] {
  const squares = dot(shares, shares);
  return shares.map((share) => (isCounted(layout) ? 1 : reachOf(share, squares)));
}

/** Variance of the logarithm of a bin's share by chance. */
function chanceOf({ layout, shares }: SignalBaseline, at: number, expected: number): number {
  return (isCounted(layout) ? 1 : 1 - (shares[at] ?? 0)) / expected;
}

/** Variance of the effects beyond chance and noise, each cell weighted by what it can tell; null where none stands out. */
function excessVariance({ without, reach, seen, expected, noise }: Counts): number | null {
  let chiSquare = 0;
  let cells = 0;
  let excess = 0;
  let weight = 0;
  for (const [group, row] of seen.entries()) {
    for (const [at, x] of row.entries()) {
      const e = expected[group]?.[at] ?? 0;
      if (e < 1) continue;
      const reached = reach[at] ?? 0;
      const usual = chanceOf(without, at, e) + noise * reached;
      if (usual <= 0) continue;
      const squared = (x / e - 1) ** 2;
      chiSquare += squared / usual;
      cells += 1;
      excess += (reached * (squared - usual)) / usual ** 2;
      weight += (reached / usual) ** 2;
    }
  }
  if (weight <= 0 || chiSquare < cells + 3 * Math.sqrt(2 * cells)) return null;
  return Math.max(excess, 0) / weight;
}

function matrix(rows: number, columns: number): number[][] {
  return Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
}

/** Four decimals are a hundred times finer than what can be learned, and keep the JSON small; JSON has no -0. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4 + 0;
}
