import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replay } from "../../src/detectors/replay.ts";
import { minuteMs } from "../../src/model/clock.ts";
import { numberBin, type SignalBucket } from "../../src/model/signal.ts";
import { epochMs } from "./life.ts";

/** What was said about one series of TCPD. */
export interface ChangePointResult {
  observations: number;
  /** Change points that most annotators agree on, after the first baseline; those noticed; errors of the onset. */
  agreed: number;
  found: number;
  onsetErrors: number[];
  /** Alarms whose onset is near no annotation of anyone. */
  falseAlarms: number;
}

/** One observation is one run, every three minutes. */
const runMs = 3 * minuteMs;
/** Observations within which two annotations, or an onset and an annotation, are the same point. */
const near = 10;
/** An owner takes for the new normal what has lasted for fifty runs. */
const acceptAfterMs = 50 * runMs;
const learnedRuns = 100;

/** Replays the first dimension of one series as a number, at default settings. */
export function replayChangePoints(folder: string, series: string): ChangePointResult {
  const file = JSON.parse(readFileSync(join(folder, `${series}.json`), "utf8")) as {
    series: { raw: (number | null)[] }[];
  };
  const values = file.series[0]?.raw ?? [];
  const buckets = values.flatMap((value, at): SignalBucket[] => {
    const bin = numberBin(value ?? NaN);
    if (bin === null) return [];
    const startMs = epochMs + at * runMs;
    return [{ workflow: "points", kind: "latency", field: "", startMs, counts: { [bin]: 1 } }];
  });
  const alarms: { at: number; onset: number }[] = [];
  for (const { throughMs, changes } of replay(buckets, { bucketMs: runMs, sweepMs: runMs, acceptAfterMs })) {
    for (const { change, verdict } of changes) {
      if (change === "drift" && verdict.kind === "drift")
        alarms.push({ at: (throughMs - epochMs) / runMs, onset: (verdict.onset.atMs - epochMs) / runMs });
    }
  }
  return score(annotations(folder, series), alarms, values.length);
}

function annotations(folder: string, series: string): number[][] {
  const all = JSON.parse(readFileSync(join(folder, "annotations.json"), "utf8")) as Record<
    string,
    Record<string, number[]>
  >;
  return Object.values(all[series] ?? {});
}

function score(
  annotators: readonly (readonly number[])[],
  alarms: readonly { at: number; onset: number }[],
  observations: number,
): ChangePointResult {
  const everyone = annotators.flat();
  const agreed: number[] = [];
  for (const point of [...everyone].sort((a, b) => a - b)) {
    const votes = annotators.filter((own) => own.some((other) => Math.abs(other - point) <= near)).length;
    const isNew = point - (agreed.at(-1) ?? -Infinity) > near;
    if (isNew && point > learnedRuns && votes > annotators.length / 2) agreed.push(point);
  }
  const errors = agreed.flatMap((point, index) => {
    const next = agreed[index + 1] ?? observations;
    const hit = alarms.find(({ at }) => at > point && at <= next);
    return hit === undefined ? [] : [Math.abs(hit.onset - point)];
  });
  return {
    observations,
    agreed: agreed.length,
    found: errors.length,
    onsetErrors: errors,
    falseAlarms: alarms.filter(({ onset }) => !everyone.some((point) => Math.abs(point - onset) <= near))
      .length,
  };
}
