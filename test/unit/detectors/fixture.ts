import { simulate, sources } from "../../../bench/detection/world.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import type { WorkflowBaseline } from "../../../src/detectors/baseline.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";

/** A Monday. */
export const startMs = Date.UTC(2026, 0, 5);

/** Hourly buckets of the simulated workflow, `days` long. */
export function history(
  world: "iid" | "seasonal" | "real",
  perDay: number,
  days: number,
  seed = 1,
): SignalBucket[] {
  const simulation = simulate(world, perDay, seed, sources);
  const hours = Array.from({ length: days * 24 }, (_, hour) => startMs + hour * hourMs);
  return hours.flatMap((atMs) => simulation.buckets(atMs, hourMs));
}

/** A baseline of 28 days at 480 runs a day, with the time at which it ends. */
export function quietBaseline(seed = 1): { baseline: WorkflowBaseline; endMs: number } {
  const endMs = startMs + 28 * dayMs;
  return { baseline: learnBaseline(history("iid", 480, 28, seed), { fromMs: startMs, toMs: endMs }), endMs };
}
