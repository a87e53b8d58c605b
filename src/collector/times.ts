const earliestMs = Date.UTC(2000, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);

/** A run's own times, made usable: absurd ones become the time of arrival, and an end never precedes its start. */
export function usableTimes(startMs: number, endMs: number, arrivedAtMs: number): [number, number] {
  const start = isUsable(startMs) ? startMs : isUsable(endMs) ? endMs : arrivedAtMs;
  const end = isUsable(endMs) ? endMs : start;
  return [start, Math.max(start, end)];
}

/** Tells whether a time can be a run's: a number between the years 2000 and 2100. */
export function isUsable(timeMs: number): boolean {
  return timeMs >= earliestMs && timeMs <= latestMs;
}
