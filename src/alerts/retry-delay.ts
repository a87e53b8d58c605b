const minute = 60;
const hour = 60 * minute;

/** Seconds before each retry (Standard Webhooks 1.0, section "Deliverability and reliability"). */
export const ordinarySchedule: readonly number[] = [
  5,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** The same with a dense beginning, for messages that stop an automation or wake a person. */
export const urgentSchedule: readonly number[] = [
  1,
  2,
  5,
  10,
  30,
  minute,
  2 * minute,
  ...ordinarySchedule.slice(1),
];

/**
 * Seconds until the next attempt, with up to 10 % of jitter on top, or null when the schedule is exhausted.
 *
 * @param failures failed attempts so far, the present one included.
 * @param random between 0 and 1.
 */
export function retryDelaySeconds(
  schedule: readonly number[],
  failures: number,
  random: number,
): number | null {
  const seconds = schedule[failures - 1];
  return seconds === undefined ? null : seconds * (1 + 0.1 * random);
}
