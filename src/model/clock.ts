/** Where every part takes its time from, so that tests and the demo can bend it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}

/** The wall clock. */
export const systemClock: Clock = { nowMs: () => Date.now() };

/**
 * A clock that starts at `startMs` and runs `speed` times as fast as the wall clock.
 * The demo uses it to show a week in minutes.
 */
export function scaledClock(startMs: number, speed: number, base: Clock = systemClock): Clock {
  const originMs = base.nowMs();
  return { nowMs: () => startMs + (base.nowMs() - originMs) * speed };
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
