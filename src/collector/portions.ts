import { setImmediate } from "node:timers/promises";
import { type Accepted, noneAccepted } from "./accept.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";

/** Runs, or steps, that are taken in one turn of the event loop: some 30 ms of work. */
const portionMax = 500;

/**
 * Takes a large request in portions, runs before their steps and labels, so that the pause gate answers in between. If
 * a later portion fails, the client sends all of it again, and the earlier ones are known by their ids.
 */
export async function acceptInPortions(
  mapped: Mapped,
  accept: (portion: Mapped) => Promise<Accepted>,
): Promise<Accepted> {
  if (mapped.runs.length + mapped.steps.length <= portionMax) return accept(mapped);
  const total = noneAccepted();
  for (const portion of portionsOf(mapped)) {
    const accepted = await accept(portion);
    for (const runId of accepted.newRunIds) total.newRunIds.push(runId);
    for (const runId of accepted.rejectedRunIds) total.rejectedRunIds.push(runId);
    total.duplicates += accepted.duplicates;
    total.unknownRuns += accepted.unknownRuns;
    for (const [reason, count] of Object.entries(accepted.rejected)) {
      total.rejected[reason] = (total.rejected[reason] ?? 0) + count;
    }
    await setImmediate();
  }
  return total;
}

function* portionsOf(mapped: Mapped): Generator<Mapped> {
  const { runs, steps, ...rest } = mapped;
  for (let at = 0; at < runs.length; at += portionMax) {
    yield { ...emptyMapped(), runs: runs.slice(at, at + portionMax) };
  }
  for (let at = 0; at < steps.length; at += portionMax) {
    yield { ...emptyMapped(), steps: steps.slice(at, at + portionMax) };
  }
  yield { ...emptyMapped(), ...rest };
}
