import { hourMs } from "../model/clock.ts";
import type { ChangeEvent, DriftingSignal } from "../model/incident.ts";

/** A weak drift's onset may be uncertain by days; past this it says nothing about what belongs together. */
const uncertaintyMaxMs = 3 * hourMs;
/** What a change breaks may come seldom, so that the onset trails it. */
const changeBeforeMs = 2 * hourMs;
/** Onset error grows with the time that detection took; about a tenth of it (measured, docs/detection.md). */
const delayShare = 0.1;

/** Tells whether two drifts began at the same time, as far as their onsets are known. */
export function beganTogether(one: DriftingSignal, other: DriftingSignal, joinMs: number): boolean {
  const a = onsetInterval(one);
  const b = onsetInterval(other);
  return a.fromMs - joinMs <= b.toMs && b.fromMs - joinMs <= a.toMs;
}

/**
 * The changes that may have begun a drift, the one seen nearest to its onset first. A cause does not come after the onset:
 * the earliest that the change can have been lies within what is known of the onset, or a while before.
 */
export function changesNear(drifting: DriftingSignal, changes: readonly ChangeEvent[]): ChangeEvent[] {
  const { fromMs, toMs } = onsetInterval(drifting);
  const onsetMs = drifting.drift.onset.atMs;
  return changes
    .filter(({ atMs, afterMs = atMs }) => atMs >= fromMs - changeBeforeMs && afterMs <= toMs)
    .sort((a, b) => Math.abs(a.atMs - onsetMs) - Math.abs(b.atMs - onsetMs));
}

function onsetInterval({ drift, detectedAtMs }: DriftingSignal): { fromMs: number; toMs: number } {
  const { atMs, earliestMs, latestMs } = drift.onset;
  const slackMs = Math.min(uncertaintyMaxMs, delayShare * Math.max(0, detectedAtMs - atMs));
  return {
    fromMs: Math.max(earliestMs, atMs - uncertaintyMaxMs) - slackMs,
    toMs: Math.min(latestMs, atMs + uncertaintyMaxMs) + slackMs,
  };
}
