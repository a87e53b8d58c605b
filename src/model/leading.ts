import type { SignalKey, SignalKind } from "./signal.ts";
import type { Drift } from "./verdict.ts";

/** What orders drifting signals. */
interface Moved {
  signal: SignalKey;
  drift: Drift;
}

/** Kinds of signals by how plainly they name what is wrong; those of a row are alike. */
const plainness: readonly (readonly SignalKind[])[] = [
  ["errors", "step_errors"],
  ["null_rate"],
  ["allowed_values", "contract", "failure_tokens"],
  ["type"],
  ["output_distribution", "input_distribution", "shadow_disagreement", "canary_delta"],
  ["override_rate", "unusable_rate", "outcome", "low_confidence"],
];

/** An effect this many times smaller than the strongest is a by-product, however plain its name. */
const minorFactor = 4;

/**
 * Puts drifting signals in the order in which to tell of them: the one that names the trouble best comes first.
 *
 * One cause moves many signals at once (a field that goes empty also changes its type and its values), and effects of
 * different kinds compare only roughly. So among signals that moved about as far, the plainest kind leads, then what
 * the workflow delivers, then what moved farther. How many runs come is as often a consequence as a cause, and says
 * nothing of what is wrong with them: volume comes last. The order depends on nothing but the drifts themselves.
 */
export function byPlainness<T extends Moved>(moved: readonly T[]): T[] {
  const strongest = Math.max(0, ...moved.map((one) => (isVolume(one) ? 0 : one.drift.effect)));
  return moved
    .map((one) => ({ one, keys: keysOf(one, strongest) }))
    .sort((a, b) => compare(a.keys, b.keys) || (a.one.signal.field < b.one.signal.field ? -1 : 1))
    .map(({ one }) => one);
}

function keysOf(moved: Moved, strongest: number): number[] {
  const { signal, drift } = moved;
  const isMinor = drift.effect * minorFactor < strongest;
  const rank = plainness.findIndex((kinds) => kinds.includes(signal.kind));
  // Half octaves: fields that empty together never differ by chance alone.
  const size = -Math.round(2 * Math.log2(Math.max(drift.effect, 1e-9)));
  return [
    isVolume(moved) ? 1 : 0,
    isMinor ? 1 : 0,
    rank < 0 ? plainness.length : rank,
    size,
    placeOf(signal),
  ];
}

function isVolume({ signal }: Moved): boolean {
  return signal.kind === "volume";
}

/** What is delivered comes before what came in, and both before what the run as a whole tells. */
function placeOf({ field }: SignalKey): number {
  if (/^output($|[.[])/.test(field)) return 0;
  return field === "" ? 2 : 1;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((key, index) => key !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
