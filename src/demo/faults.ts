import { hourMs } from "../model/clock.ts";

/** What goes wrong in the demo. */
export type Fault = "upstream header renamed" | "prompt changed" | "reviewers override";

/** When what goes wrong, in milliseconds of simulated time after the start of the live traffic. */
export type FaultPlan = Readonly<Record<Fault, number>>;

/** Leaves each fault time to be found before the next begins. */
export const faultPlan: FaultPlan = {
  "upstream header renamed": 3 * hourMs,
  "prompt changed": 10 * hourMs,
  "reviewers override": 20 * hourMs,
};

/** The faults of a plan, first one first. */
export function faultsInOrder(plan: FaultPlan): Fault[] {
  return (Object.keys(plan) as Fault[]).sort((a, b) => plan[a] - plan[b]);
}
