import type { WorkflowBaseline } from "../../src/detectors/baseline.ts";
import { learnBaseline } from "../../src/detectors/learn.ts";
import { startState } from "../../src/detectors/state.ts";
import { step } from "../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../src/model/clock.ts";
import { binValue, type SignalBucket } from "../../src/model/signal.ts";
import type { DelayCase } from "../detection/delay.ts";
import { epochMs } from "../detection/life.ts";
import { createRandom, type Random } from "../detection/random.ts";
import { simulate, sources, type World } from "../detection/world.ts";

/** One replication of one case, run by run, with what Evenkeel said about the very same runs. */
export interface PeerStream {
  /** 28 days of baseline: 0 or 1 for a rate, the name of a category, a number. */
  reference: (number | string)[];
  /** Runs after the baseline in which nothing changes. */
  quiet: (number | string)[];
  /** Runs after the baseline of which those from `onset` on are changed. */
  changed: (number | string)[];
  onset: number;
  /** False alarms in `quiet`, and runs from the onset to the alarm; null if missed, or if it alarmed before. */
  evenkeel: { quietAlarms: number; delay: number | null };
}

/** What to simulate for the peers. */
export interface PeerCase {
  world: World;
  one: DelayCase;
  seed: number;
  quietDays: number;
}

const perDay = 480;
const widthMs = 3 * minuteMs;
const startMs = epochMs + 28 * dayMs;

/**
 * Makes one replication. Evenkeel learns its baseline of all 30 signals of the workflow and pays for all of them, as
 * it does in use; the peers see the one signal that changes.
 */
export function peerStream({ world, one, seed, quietDays }: PeerCase): PeerStream {
  const isOwn = ({ kind, field }: { kind: string; field: string }): boolean =>
    `${kind} ${field}` === one.source;
  // Volume goes along, so that Evenkeel does not see silence.
  const only = sources.filter((source) => source.kind === "volume" || isOwn(source));
  const past = simulate(world, perDay, seed);
  const history: SignalBucket[] = [];
  for (let atMs = epochMs; atMs < startMs; atMs += hourMs) history.push(...past.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: epochMs, toMs: startMs });
  // The change falls on any day of the week at any time.
  const onsetMs = startMs + 5 * dayMs + Math.floor((((seed * 7919) % 1000) / 1000) * perDay) * widthMs;
  const quiet = future(world, seed, only, 51, startMs + quietDays * dayMs);
  const changed = future(world, seed, only, 52, onsetMs + (one.runsMax / perDay) * dayMs, {
    fromMs: onsetMs,
    one,
  });
  const draws = createRandom(seed, 53);
  const runs = (buckets: readonly SignalBucket[]): (number | string)[] =>
    buckets.filter(isOwn).flatMap((bucket) => runsOf(bucket, draws));
  const id = `${baseline.workflow} ${one.source}`;
  return {
    reference: runs(history),
    quiet: runs(quiet),
    changed: runs(changed),
    onset: runsBefore(changed.filter(isOwn), onsetMs),
    evenkeel: {
      quietAlarms: alarmTimes(baseline, quiet, id).length,
      delay: delayOf(alarmTimes(baseline, changed, id), changed.filter(isOwn), onsetMs),
    },
  };
}

function future(
  world: World,
  seed: number,
  only: typeof sources,
  stream: number,
  endMs: number,
  change?: { fromMs: number; one: DelayCase },
): SignalBucket[] {
  const simulation = simulate(world, perDay, seed, only, stream);
  const buckets: SignalBucket[] = [];
  for (let atMs = startMs; atMs < endMs; atMs += widthMs) {
    const changes =
      change !== undefined && atMs >= change.fromMs
        ? new Map([[change.one.source, change.one.change]])
        : undefined;
    buckets.push(...simulation.buckets(atMs, widthMs, changes));
  }
  return buckets;
}

/** When Evenkeel alarms on one signal, starting anew after each alarm as the peers do. */
function alarmTimes(baseline: WorkflowBaseline, buckets: readonly SignalBucket[], id: string): number[] {
  const slices = new Map<number, SignalBucket[]>();
  for (const bucket of buckets) slices.set(bucket.startMs, [...(slices.get(bucket.startMs) ?? []), bucket]);
  const times: number[] = [];
  let state = startState(baseline, startMs);
  for (const [atMs, slice] of slices) {
    const throughMs = atMs + widthMs;
    state = step(baseline, state, slice, { throughMs, bucketMs: widthMs }).state;
    if (!state.signals[id]?.drift) continue;
    times.push(throughMs);
    state = startState(baseline, throughMs);
  }
  return times;
}

function delayOf(times: readonly number[], buckets: readonly SignalBucket[], onsetMs: number): number | null {
  const first = times.find((atMs) => atMs > onsetMs);
  return first === undefined ? null : runsBefore(buckets, first) - runsBefore(buckets, onsetMs);
}

function runsBefore(buckets: readonly SignalBucket[], beforeMs: number): number {
  let runs = 0;
  for (const { startMs: atMs, counts } of buckets) {
    if (atMs < beforeMs) for (const bin in counts) runs += counts[bin] ?? 0;
  }
  return runs;
}

/** The runs of a bucket, in any order. */
function runsOf({ kind, counts }: SignalBucket, draws: Random): (number | string)[] {
  const runs = Object.entries(counts).flatMap(([bin, n]) => {
    const value =
      kind === "null_rate" ? (bin === "value" ? 0 : 1) : bin.startsWith("#") ? binValue(bin) : bin;
    return new Array<number | string>(n).fill(value);
  });
  for (let at = runs.length - 1; at > 0; at--) {
    const other = Math.floor(draws.uniform() * (at + 1));
    [runs[at], runs[other]] = [runs[other] ?? 0, runs[at] ?? 0];
  }
  return runs;
}
