import { dayMs, hourMs } from "../../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../../src/model/signal.ts";
import { normalQuantile } from "../../src/detectors/math/normal-quantile.ts";
import { createRandom, type Random } from "./random.ts";

/** What the world does besides chance. */
export type World = "iid" | "seasonal" | "real";

/** A change from a time on: a rate becomes another, a category loses a share to others, a number shifts. */
export type Change =
  | { to: number }
  | { variation: number; dense?: boolean }
  | { deviations: number }
  | { factor: number };

/** One simulated signal. */
export interface Source {
  kind: SignalKind;
  field: string;
  /** Share of runs that have it. */
  presence: number;
  /** Baseline rate, or shares of categories, or null for a number (log normal) and for volume. */
  rate?: number;
  shares?: number[];
  center?: number;
  spread?: number;
}

/** A workflow of 30 signals. */
export const sources: Source[] = [
  { kind: "volume", field: "", presence: 1 },
  ...[0.001, 0.01, 0.02, 0.1, 0.3, 0.005, 0.05, 0.15, 0.02].map(
    (rate, at): Source => ({ kind: "null_rate", field: `output.field${at}`, presence: 1, rate }),
  ),
  { kind: "null_rate", field: "input.subject", presence: 1, rate: 0.04 },
  { kind: "null_rate", field: "input.body", presence: 1, rate: 0.0005 },
  { kind: "errors", field: "", presence: 1, rate: 0.01 },
  { kind: "retries", field: "", presence: 1, rate: 0.03 },
  { kind: "low_confidence", field: "", presence: 1, rate: 0.08 },
  { kind: "failure_tokens", field: "output.summary", presence: 1, rate: 0.002 },
  { kind: "override_rate", field: "", presence: 0.05, rate: 0.1 },
  ...[[0.35, 0.25, 0.2, 0.15, 0.05], zipf(10), zipf(25), [0.9, 0.1], zipf(5), zipf(8)].map(
    (shares, at): Source => ({
      kind: "output_distribution",
      field: `output.category${at}`,
      presence: 1,
      shares,
    }),
  ),
  { kind: "output_distribution", field: "output.amount", presence: 0.9, center: 120, spread: 1.1 },
  { kind: "latency", field: "", presence: 1, center: 1800, spread: 0.5 },
  { kind: "tokens", field: "output", presence: 1, center: 900, spread: 0.4 },
  { kind: "cost", field: "", presence: 1, center: 0.004, spread: 0.45 },
  { kind: "text_length", field: "output.summary", presence: 1, center: 400, spread: 0.35 },
  { kind: "text_length", field: "input.body", presence: 1, center: 900, spread: 0.8 },
  { kind: "type", field: "output", presence: 1, shares: [0.998, 0.002] },
];

function zipf(k: number): number[] {
  const weights = Array.from({ length: k }, (_, at) => 1 / (at + 1));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Standard deviations of the random and seasonal effects, by what they act on. A daily z test at p < .05 on a rate
 * of 10 % fires on 190 of 1,000 quiet days of this world (480 runs a day); the prototype's world was noisier: 298.
 */
const effects = {
  /** Logarithm of volume. */
  volume: { day: 0.2, hour: 0.1, hourly: 0.8, weekday: 0.4 },
  /** Log odds of a rate; log shares of categories. */
  share: { day: 0.22, hour: 0.05, hourly: 0.2, weekday: 0.12 },
  /** Mean of a number, in its standard deviations. */
  number: { day: 0.12, hour: 0.04, hourly: 0.15, weekday: 0.06 },
};

/** Generates buckets of a simulated workflow, any time, any width, in order of time. */
export interface Simulation {
  /** Runs in a span and the buckets of the chosen sources. */
  buckets(startMs: number, widthMs: number, changes?: ReadonlyMap<string, Change>): SignalBucket[];
  /** The same world with another future: what is random from a whole hour on is drawn anew. */
  branch(fromMs: number, stream: number): Simulation;
}

/** The streams of draws of one simulation, oldest first, each from a time on. */
type Streams = readonly { fromMs: number; stream: number }[];

/** @param perDay Runs a day. @param only Sources to generate, all by default. */
export function simulate(
  world: World,
  perDay: number,
  seed: number,
  only: readonly Source[] = sources,
  stream = 0,
): Simulation {
  const fixed = only.map((source) => seasonOf(source, seed));
  return simulateStreams({ world, perDay, seed, only, fixed }, [{ fromMs: -Infinity, stream }]);
}

function simulateStreams(
  common: { world: World; perDay: number; seed: number; only: readonly Source[]; fixed: readonly Season[] },
  streams: Streams,
): Simulation {
  const { world, perDay, seed, only, fixed } = common;
  const draws = createRandom(seed, 1, streams.at(-1)?.stream ?? 0, perDay);
  const volumeSeason = seasonOf(sources[0]!, seed);
  const random = only.map((source) => randomEffects(source, seed, streams));
  const volumeRandom = randomEffects(sources[0]!, seed, streams);
  return {
    branch: (fromMs, stream) => simulateStreams(common, [...streams, { fromMs, stream }]),
    buckets(startMs, widthMs, changes) {
      const level = shiftAt(world, volumeSeason, volumeRandom, 0, startMs, true);
      const volumeChange = changes?.get("volume ");
      const factor = volumeChange !== undefined && "factor" in volumeChange ? volumeChange.factor : 1;
      const runs = draws.poisson(((perDay * widthMs) / dayMs) * Math.exp(level) * factor);
      if (runs === 0) return [];
      return only.flatMap((source, at): SignalBucket[] => {
        const n = source.presence === 1 ? runs : draws.binomial(runs, source.presence);
        if (n === 0) return [];
        const change = changes?.get(`${source.kind} ${source.field}`);
        const shift = (k: number): number => shiftAt(world, fixed[at]!, random[at]!, k, startMs, false);
        const counts = draw(source, n, shift, change, draws);
        return [{ workflow: "w", kind: source.kind, field: source.field, startMs, counts }];
      });
    },
  };
}

type Season = { hourly: number[]; phase: number[]; weekday: number[][]; scale: (typeof effects)["share"] };

function seasonOf(source: Source, seed: number): Season {
  const scale =
    source.kind === "volume" ? effects.volume : source.center === undefined ? effects.share : effects.number;
  const draws = createRandom(seed, 2, hash(`${source.kind} ${source.field}`));
  const k = source.shares?.length ?? 1;
  return {
    scale,
    hourly: Array.from({ length: k }, () => scale.hourly * Math.SQRT2),
    phase: Array.from({ length: k }, () => (source.kind === "volume" ? 9 / 24 : draws.uniform())),
    weekday: Array.from({ length: k }, () =>
      Array.from({ length: 7 }, (_, day) =>
        source.kind === "volume"
          ? (day === 0 || day === 6 ? -1.6 : 0.3) * scale.weekday
          : scale.weekday * draws.normal(),
      ),
    ),
  };
}

/** Day and hour effects by time, made when first asked for, from seeds of their own. */
function randomEffects(source: Source, seed: number, streams: Streams): (k: number, atMs: number) => number {
  const name = hash(`${source.kind} ${source.field}`);
  const scale =
    source.kind === "volume" ? effects.volume : source.center === undefined ? effects.share : effects.number;
  const k = source.shares?.length ?? 1;
  let hour = -1;
  let values: number[] = [];
  return (index, atMs) => {
    const now = Math.floor(atMs / hourMs);
    if (now !== hour) {
      hour = now;
      const day = Math.floor(now / 24);
      const days = createRandom(seed, name, day, 3 + streamAt(streams, day * dayMs));
      const hours = createRandom(seed, name, now, 4 + streamAt(streams, now * hourMs));
      values = Array.from({ length: k }, () => scale.day * days.normal() + scale.hour * hours.normal());
    }
    return values[index] ?? 0;
  };
}

function streamAt(streams: Streams, atMs: number): number {
  return streams.findLast(({ fromMs }) => fromMs <= atMs)?.stream ?? 0;
}

function shiftAt(
  world: World,
  season: Season,
  random: (k: number, atMs: number) => number,
  k: number,
  atMs: number,
  volume: boolean,
): number {
  if (world === "iid") return 0;
  const dayShare = (atMs % dayMs) / dayMs;
  const wave = (season.hourly[k] ?? 0) * Math.sin(2 * Math.PI * (dayShare - (season.phase[k] ?? 0)));
  const day = season.weekday[k]?.[(Math.floor(atMs / dayMs) + 4) % 7] ?? 0;
  // A wave on the logarithm raises the mean; volume takes it out again, so that a day brings what it should.
  const even = volume ? season.scale.hourly ** 2 / 2 : 0;
  return wave + day - even + (world === "real" ? random(k, atMs) : 0);
}

function draw(
  source: Source,
  n: number,
  shift: (k: number) => number,
  change: Change | undefined,
  draws: Random,
): Record<string, number> {
  if (source.kind === "volume") return { run: n };
  if (source.rate !== undefined) {
    const rate = change !== undefined && "to" in change ? change.to : source.rate;
    const odds = (rate / (1 - rate)) * Math.exp(shift(0));
    const hits = draws.binomial(n, rate >= 1 ? 1 : odds / (1 + odds));
    const [no, yes] = source.kind === "null_rate" ? ["value", "empty"] : ["no", "yes"];
    const aged = source.kind === "override_rate" ? "@0" : "";
    return present({ [`${no}${aged}`]: n - hits, [`${yes}${aged}`]: hits });
  }
  if (source.shares !== undefined) return drawCategory(source, source.shares, n, shift, change, draws);
  return drawNumber(
    source,
    n,
    shift(0) + (change !== undefined && "deviations" in change ? change.deviations : 0),
    draws,
  );
}

function drawCategory(
  source: Source,
  shares: readonly number[],
  n: number,
  shift: (k: number) => number,
  change: Change | undefined,
  draws: Random,
): Record<string, number> {
  const changed = change !== undefined && "variation" in change ? moved(shares, change) : shares;
  const raw = changed.map((share, k) => share * Math.exp(shift(k)));
  const sum = raw.reduce((a, b) => a + b, 0);
  const drawn = draws.multinomial(
    n,
    raw.map((share) => share / sum),
  );
  const name = (k: number): string =>
    source.kind === "type" ? (["object", "null"][k] ?? "array") : `=c${k}`;
  return present(Object.fromEntries(drawn.map((count, k) => [name(k), count])));
}

/** Moves a share of the mass: from the first category to the second, or (dense) between every two neighbours. */
function moved(
  shares: readonly number[],
  { variation, dense }: { variation: number; dense?: boolean },
): number[] {
  if (dense !== true) {
    const taken = Math.min(variation, (shares[0] ?? 0) * 0.999);
    return shares.map((share, k) => (k === 0 ? share - taken : k === 1 ? share + taken : share));
  }
  const even = shares.filter((_, k) => k % 2 === 0).reduce((a, b) => a + b, 0);
  return shares.map((share, k) =>
    k % 2 === 0 ? share * (1 - variation / even) : share * (1 + variation / (1 - even)),
  );
}

/** Cells of the standard normal: fine in the middle, with tails to 1 in 100,000. */
const cells = (() => {
  const edges = [1e-5, 1e-4, 1e-3, 4e-3];
  for (let at = 1; at < 100; at++) edges.push(at / 100);
  edges.push(0.996, 0.999, 0.9999, 0.99999);
  const points = [-4.7, ...edges.map(normalQuantile), 4.7];
  return { points, shares: edges.map((edge, at) => edge - (edges[at - 1] ?? 0)).concat(1e-5) };
})();

function drawNumber(source: Source, n: number, shift: number, draws: Random): Record<string, number> {
  const value = (z: number): string =>
    numberBin((source.center ?? 1) * Math.exp((source.spread ?? 1) * (z + shift))) ?? "";
  const counts: Record<string, number> = {};
  if (n < 150) {
    for (let at = 0; at < n; at++) {
      const bin = value(draws.normal());
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts;
  }
  for (const [at, count] of draws.multinomial(n, cells.shares).entries()) {
    if (count === 0) continue;
    // Anywhere in its cell, so that no value is an atom that an edge could fall on.
    const [from = 0, to = 0] = [cells.points[at], cells.points[at + 1]];
    const bin = value(from + (to - from) * draws.uniform());
    counts[bin] = (counts[bin] ?? 0) + count;
  }
  return counts;
}

function present(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0));
}

function hash(text: string): number {
  let value = 7;
  for (let at = 0; at < text.length; at++) value = (value * 31 + text.charCodeAt(at)) | 0;
  return value;
}
