import { binValue, type SignalKey } from "../model/signal.ts";
import type { Drift } from "../model/verdict.ts";
import type { WorkflowBaseline } from "./baseline.ts";
import { unitOf } from "./figures.ts";
import { binIndex } from "./layout.ts";
import { isShare } from "./score.ts";

/**
 * Tells which raw bins show a drift of a category or a number: those whose share rose, or lie on the side of the usual median
 * to which it moved; where a share fell, the others.
 *
 * @returns null where no bin shows it more than another (a spread), and for signals whose bins say it themselves (rates).
 */
export function showsDrift(
  baseline: WorkflowBaseline,
  { kind, field }: SignalKey,
  drift: Drift,
): ((bin: string) => boolean) | null {
  const known = baseline.signals.find((one) => one.kind === kind && one.field === field);
  if (known === undefined) return null;
  const { layout, scores } = known;
  if (layout.shape !== "category" && layout.shape !== "number") return null;
  const isUp = drift.direction === "up";
  if (drift.of === "median") {
    const usual = drift.baseline.value;
    return (bin) => bin.startsWith("#") && (isUp ? binValue(bin) > usual : binValue(bin) < usual);
  }
  const score = scores.find((one) => isShare(one.values) && unitOf(known, one).of === drift.of);
  if (score === undefined) return null;
  const index = binIndex(layout);
  return (bin) => (score.values[index(bin)] === 1) === isUp;
}
