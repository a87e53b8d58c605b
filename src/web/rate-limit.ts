import type { Clock } from "../model/clock.ts";
import type { KeyEntry } from "./keys.ts";

/** Takes one request of a key. Answers 0 if it may pass, else the seconds after which the next may. */
export type RateLimit = (key: KeyEntry) => number;

/**
 * Creates the rate limit of every key: a bucket that holds the requests of one second and fills at the key's rate, so
 * that a burst passes and the mean holds. Memory is one small bucket for each key.
 */
export function createRateLimit({ clock }: { clock: Clock }): RateLimit {
  const buckets = new Map<string, { left: number; atMs: number }>();
  return ({ sha256, requests_per_second: rate = 0 }) => {
    if (rate === 0) return 0;
    const nowMs = clock.nowMs();
    const bucket = buckets.get(sha256) ?? { left: rate, atMs: nowMs };
    const filled = (Math.max(0, nowMs - bucket.atMs) / 1000) * rate;
    const left = Math.min(rate, bucket.left + filled);
    const passes = left >= 1;
    buckets.set(sha256, { left: passes ? left - 1 : left, atMs: nowMs });
    return passes ? 0 : Math.ceil((1 - left) / rate);
  };
}
