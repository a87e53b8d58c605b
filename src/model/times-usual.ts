import type { Figure } from "./verdict.ts";

/** Where next to no runs are usual, how many times as many came says nothing beyond this. */
export const timesMax = 100;

/**
 * How many times the runs came that are usual at that time of the week. Figures of volume in runs an hour are what that makes
 * of an average hour, which nobody counted.
 */
export function timesUsual(current: Figure, baseline: Figure): Pick<Figure, "value" | "low" | "high"> {
  const usual = baseline.value;
  return { value: current.value / usual, low: current.low / usual, high: current.high / usual };
}
