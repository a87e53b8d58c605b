import { setImmediate } from "node:timers/promises";
import { type Accepted, noneAccepted } from "./request.ts";
import type { Mapped } from "./mapped.ts";
import { emptyMapped } from "./mapped.ts";

/** Runs, or steps, that are taken in one turn of the event loop: some 30 ms of work. */
const portionMax = 500;

/** Bytes of a request that are taken in one turn: redaction of the worst text that we know takes 0.4 s of them. */
const portionBytesMax = 2 * 1024 * 1024;

/**
 * Takes a large request in portions, runs before their steps and labels, so that the pause gate answers in between. If
 * a later portion fails, the client sends all of it again, and the earlier ones are known by their ids.
 *
 * @param bytes Size of the request.
 */
export async function acceptInPortions(
  mapped: Mapped,
  bytes: number,
  accept: (portion: Mapped) => Promise<Accepted>,
): Promise<Accepted> {
  const count = mapped.runs.length + mapped.steps.length;
  const size = Math.min(portionMax, Math.max(1, Math.floor((portionBytesMax / bytes) * count)));
  if (count <= size) return accept(mapped);
  const total = noneAccepted();
  for (const portion of portionsOf(mapped, size)) {
    const accepted = await accept(portion);
    for (const runId of accepted.newRunIds) total.newRunIds.push(runId);
    for (const runId of accepted.rejectedRunIds) total.rejectedRunIds.push(runId);
    total.duplicates += accepted.duplicates;
    total.unknownRuns += accepted.unknownRuns;
    total.waiting.push(...accepted.waiting);
    for (const [reason, count] of Object.entries(accepted.rejected)) {
      total.rejected[reason] = (total.rejected[reason] ?? 0) + count;
    }
    await setImmediate();
  }
  return total;
}

function* portionsOf(mapped: Mapped, size: number): Generator<Mapped> {
  const { runs, steps, calls, ...rest } = mapped;
  for (let at = 0; at < runs.length; at += size) {
    yield { ...emptyMapped(), runs: runs.slice(at, at + size), calls };
  }
  for (let at = 0; at < steps.length; at += size) {
    yield { ...emptyMapped(), steps: steps.slice(at, at + size) };
  }
  yield { ...emptyMapped(), ...rest, calls };
}
