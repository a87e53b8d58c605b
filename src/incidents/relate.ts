import { hourMs } from "../model/clock.ts";
import type { ChangeEvent, DriftingSignal } from "../model/incident.ts";

/** A weak drift's onset may be uncertain by days; past this it says nothing about what belongs together. */
const uncertaintyMaxMs = 3 * hourMs;
/** A change is first seen with the first run under it, so it may trail the onset a little. */
const changeBeforeMs = 2 * hourMs;
const changeAfterMs = hourMs / 2;
/** Onset error grows with the time that detection took; about a tenth of it (measured, docs/detection.md). */
const delayShare = 0.1;

/** Tells whether two drifts began at the same time, as far as their onsets are known. */
export function beganTogether(one: DriftingSignal, other: DriftingSignal, joinMs: number): boolean {
  const a = onsetInterval(one);
  const b = onsetInterval(other);
  return a.fromMs - joinMs <= b.toMs && b.fromMs - joinMs <= a.toMs;
}

/** The change nearest to a drift's onset, or null if none is near. */
export function changeNear(drifting: DriftingSignal, changes: readonly ChangeEvent[]): ChangeEvent | null {
  const { fromMs, toMs } = onsetInterval(drifting);
  const onsetMs = drifting.drift.onset.atMs;
  const near = changes.filter(
    (change) => change.atMs >= fromMs - changeBeforeMs && change.atMs <= toMs + changeAfterMs,
  );
  return near.sort((a, b) => Math.abs(a.atMs - onsetMs) - Math.abs(b.atMs - onsetMs))[0] ?? null;
}

function onsetInterval({ drift, detectedAtMs }: DriftingSignal): { fromMs: number; toMs: number } {
  const { atMs, earliestMs, latestMs } = drift.onset;
  const slackMs = Math.min(uncertaintyMaxMs, delayShare * Math.max(0, detectedAtMs - atMs));
  return {
    fromMs: Math.max(earliestMs, atMs - uncertaintyMaxMs) - slackMs,
    toMs: Math.min(latestMs, atMs + uncertaintyMaxMs) + slackMs,
  };
}
