import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { replay } from "../../src/detectors/replay.ts";
import { dayMs, minuteMs } from "../../src/model/clock.ts";
import { numberBin, type SignalBucket } from "../../src/model/signal.ts";
import { parseCsv } from "./csv.ts";

/** What was said about one series of NAB. */
export interface TelemetryResult {
  days: number;
  /** Labelled windows, and those in which something was said to begin or was noticed. */
  windows: number;
  found: number;
  /** Alarms outside of all windows. */
  falseAlarms: number;
}

const bucketMs = 5 * minuteMs;
/** Series that count events; the others are one number every few minutes. */
const volumes = /nyc_taxi|Twitter_volume/;
/** An owner takes what lasts for the new normal; the series are two weeks long and longer. */
const acceptAfterMs = 2 * dayMs;

/** The series of NAB in a folder, with their labelled windows. */
export function telemetrySeries(folder: string): string[] {
  return Object.keys(readWindows(folder)).sort();
}

function readWindows(folder: string): Record<string, [string, string][]> {
  return JSON.parse(readFileSync(join(folder, "combined_windows.json"), "utf8")) as Record<
    string,
    [string, string][]
  >;
}

/** Replays one series as the volume or the latency of a workflow, at default settings. */
export function replayTelemetry(folder: string, series: string): TelemetryResult {
  const text = gunzipSync(readFileSync(join(folder, `${series}.gz`))).toString("utf8");
  const samples = parseCsv(text).map(({ timestamp = "", value = "" }) => ({
    atMs: utcMs(timestamp),
    value: Number(value),
  }));
  const windows = (readWindows(folder)[series] ?? []).map(([from, to]) => [utcMs(from), utcMs(to)] as const);
  const buckets = volumes.test(series) ? volumeBuckets(samples) : numberBuckets(samples);
  const alarms: { atMs: number; onsetMs: number }[] = [];
  for (const { throughMs, changes } of replay(buckets, { bucketMs, sweepMs: bucketMs, acceptAfterMs })) {
    for (const { change, verdict } of changes) {
      if (change === "drift" && verdict.kind === "drift")
        alarms.push({ atMs: throughMs, onsetMs: verdict.onset.atMs });
    }
  }
  const isIn = (atMs: number, [from, to]: readonly [number, number]): boolean => atMs >= from && atMs <= to;
  const hits = (alarm: (typeof alarms)[number], window: readonly [number, number]): boolean =>
    isIn(alarm.atMs, window) || isIn(alarm.onsetMs, window);
  return {
    days: ((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)) / dayMs,
    windows: windows.length,
    found: windows.filter((window) => alarms.some((alarm) => hits(alarm, window))).length,
    falseAlarms: alarms.filter((alarm) => !windows.some((window) => hits(alarm, window))).length,
  };
}

function utcMs(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(" ", "T")}Z`);
}

interface Sample {
  atMs: number;
  value: number;
}

/** A count lies evenly over the time since the sample before. */
function volumeBuckets(samples: readonly Sample[]): SignalBucket[] {
  const stepMs = (samples[1]?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  const parts = Math.max(1, Math.round(stepMs / bucketMs));
  return samples.flatMap(({ atMs, value }) =>
    Array.from({ length: parts }, (_, part): SignalBucket => {
      const run = Math.floor(((part + 1) * value) / parts) - Math.floor((part * value) / parts);
      const startMs = Math.floor(atMs / bucketMs) * bucketMs + part * bucketMs;
      return { workflow: "telemetry", kind: "volume", field: "", startMs, counts: run > 0 ? { run } : {} };
    }),
  );
}

function numberBuckets(samples: readonly Sample[]): SignalBucket[] {
  return samples.map(({ atMs, value }) => ({
    workflow: "telemetry",
    kind: "latency",
    field: "",
    startMs: Math.floor(atMs / bucketMs) * bucketMs,
    counts: { [numberBin(value) ?? ""]: 1 },
  }));
}
