import type { SignalBaseline } from "./baseline.ts";
import type { Component } from "./components.ts";
import { dot } from "./math/dot.ts";
import { isShare } from "./score.ts";
import type { Suffix } from "./suffix.ts";
import { volumeEvidence } from "./volume.ts";

/** The components of a signal that are tilts, compiled: lists of numbers by index of the component. */
export interface Tilts {
  groups: TiltGroup[];
  tilts: Float64Array;
  /** ψ, where the hour makes no difference. */
  psis: Float64Array;
  /** Of a share e^tilt − 1. */
  rises: Float64Array;
  rhoDays: Float64Array;
  rhoHours: Float64Array;
}

/** Components that tilt one score in one direction: they share a null. */
export interface TiltGroup {
  score: number;
  isUp: boolean;
  /** The first component, and the one after the last. */
  from: number;
  to: number;
  bound: number;
  /** For a share: e^bound. */
  boundFactor: number;
  /** For other scores: *k* factors of the null, and as many of each tilt. */
  factors: Float64Array | null;
}

/** Compiles the components of a signal that are tilts. */
export function compileTilts(baseline: SignalBaseline, components: readonly Component[]): Tilts {
  const all: Tilts = {
    groups: [],
    tilts: Float64Array.from(components, ({ tilt }) => tilt),
    psis: new Float64Array(components.length),
    rises: Float64Array.from(components, ({ tilt }) => Math.expm1(tilt)),
    rhoDays: Float64Array.from(components, ({ rhoDay }) => rhoDay),
    rhoHours: Float64Array.from(components, ({ rhoHour }) => rhoHour),
  };
  let from = 0;
  for (const [at, { plugin, score, tilt }] of components.entries()) {
    if (plugin >= 0) break;
    const next = components[at + 1];
    if (next?.score === score && next.tilt > 0 === tilt > 0) continue;
    all.groups.push(compileGroup(baseline, components.slice(from, at + 1), from, all));
    from = at + 1;
  }
  return all;
}

function compileGroup(
  { scores, shares }: SignalBaseline,
  group: readonly Component[],
  from: number,
  { psis, rises }: Tilts,
): TiltGroup {
  const [first] = group;
  if (first === undefined) throw new RangeError("Cannot compile tilts: there is none");
  const { score, tilt, bound } = first;
  const values = scores[score]?.values ?? [];
  const to = from + group.length;
  const boundFactor = Math.exp(bound);
  let factors: Float64Array | null = null;
  if (isShare(values)) {
    const raised = raisedShare(dot(values, shares), boundFactor);
    for (let at = from; at < to; at++) psis[at] = Math.log1p(raised * (rises[at] ?? 0));
  } else {
    const rows = [bound, ...group.map((component) => bound + component.tilt)];
    factors = Float64Array.from(rows.flatMap((row) => values.map((value) => Math.exp(row * value))));
    logRatios(factors, shares, psis, from, to);
  }
  return { score, isUp: tilt > 0, from, to, bound, boundFactor, factors };
}

/**
 * Damped log likelihood ratio of each tilt over the observations of a suffix of one day.
 *
 * @param expects True where the suffix says what was expected of it.
 * @param into Where they go, by index of the component.
 */
export function tiltLogs(tilts: Tilts, since: Suffix, expects: boolean, into: Float64Array): void {
  const { n } = since;
  const hours = Math.max(since.hours, 1);
  for (const group of tilts.groups) {
    const { score, from, to } = group;
    const hits = since.hits[score] ?? 0;
    if (expects) seasonalPsis(group, tilts.rises, since, into);
    const psis = expects ? into : tilts.psis;
    for (let at = from; at < to; at++) {
      const rho = (tilts.rhoDays[at] ?? 0) + (tilts.rhoHours[at] ?? 0) / hours;
      into[at] = ((tilts.tilts[at] ?? 0) * hits - n * (psis[at] ?? 0)) / (1 + rho * n);
    }
  }
}

/** ψ of each tilt from what was expected. */
function seasonalPsis(group: TiltGroup, rises: Float64Array, since: Suffix, into: Float64Array): void {
  const { score, from, to, factors, boundFactor } = group;
  if (factors === null) {
    const raised = raisedShare(Math.min(1, (since.expectedHits[score] ?? 0) / since.n), boundFactor);
    for (let at = from; at < to; at++) into[at] = Math.log1p(raised * (rises[at] ?? 0));
    return;
  }
  logRatios(factors, since.expected, into, from, to);
}

/** Logarithms of what each tilt expects, relative to the null. @param counts *k* numbers or more. */
function logRatios(
  factors: Float64Array,
  counts: ArrayLike<number>,
  into: Float64Array,
  from: number,
  to: number,
): void {
  const k = factors.length / (1 + to - from);
  const below = product(factors, 0, counts, k);
  for (let at = from; at < to; at++) into[at] = Math.log(product(factors, 1 + at - from, counts, k) / below);
}

/**
 * Log likelihood ratio of the tilts of a group for what is counted over time.
 *
 * @param late Delayed labels that were missing before and may come now.
 */
export function countedLogs(
  { tilts, rhoDays, rhoHours }: Tilts,
  { score, from, to, bound }: TiltGroup,
  since: Suffix,
  expects: boolean,
  late: number,
  into: Float64Array,
): void {
  const rho = (rhoDays[from] ?? 0) + (rhoHours[from] ?? 0) / Math.max(since.hours, 1);
  const seen = since.hits[score] ?? 0;
  const expected = (expects ? (since.expectedHits[score] ?? 0) : since.n) + late;
  for (let at = from; at < to; at++) {
    into[at] = since.n > 0 ? volumeEvidence(seen, expected, bound, tilts[at] ?? 0, rho) : 0;
  }
}

/** A share whose log odds are raised, such as by the bound of the null. */
function raisedShare(share: number, factor: number): number {
  const raised = share * factor;
  return raised / (1 - share + raised);
}

/** Sum of products of *k* counts and one row of factors. */
function product(factors: Float64Array, row: number, counts: ArrayLike<number>, k: number): number {
  let sum = 0;
  for (let at = 0; at < k; at++) sum += (factors[row * k + at] ?? 0) * (counts[at] ?? 0);
  return sum;
}
