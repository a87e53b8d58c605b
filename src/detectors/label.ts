import { logit } from "./math/logit.ts";
import { tilt } from "./math/tilt.ts";

/** Upper ages, in days, of the classes in which delayed labels are compared. */
const classes = [0, 1, 3, 7, 14, 30, Infinity];

/** An age class of delayed labels and how its share of "yes" differs from the whole, on the log odds. */
export interface AgeClass {
  upToDays: number;
  shift: number;
}

/** Splits the bin of a delayed label, `yes@3`: whether it counts, and its age in days. */
export function splitLabel(bin: string): { hit: boolean; ageDays: number } | null {
  const at = bin.indexOf("@");
  if (at < 0) return null;
  return { hit: bin.slice(0, at) === "yes", ageDays: Number(bin.slice(at + 1)) };
}

/**
 * Learns whether early labels differ from late ones (unhappy customers answer first), so that a change in
 * how fast labels come is not taken for a change in what they say.
 *
 * @param counts Observations by raw bin. @returns null where the labels carry no age.
 */
export function learnAges(counts: ReadonlyMap<string, number>): AgeClass[] | null {
  const sums = classes.map((upToDays) => ({ upToDays, hits: 0, n: 0 }));
  for (const [bin, n] of counts) {
    const label = splitLabel(bin);
    const sum = label && sums.find(({ upToDays }) => label.ageDays <= upToDays);
    if (!label || !sum) continue;
    sum.n += n;
    if (label.hit) sum.hits += n;
  }
  const all = sums.reduce((a, b) => ({ hits: a.hits + b.hits, n: a.n + b.n }), { hits: 0, n: 0 });
  if (all.n === 0) return null;
  const whole = (all.hits + 0.5) / (all.n + 1);
  return sums.map(({ upToDays, hits, n }) => {
    // Forty pseudo-labels at the overall share keep small classes close to it.
    const share = (hits + 40 * whole) / (n + 40);
    return { upToDays: Math.min(upToDays, Number.MAX_SAFE_INTEGER), shift: logit(share) - logit(whole) };
  });
}

/** Expected share of "yes" among the labels of one bucket, given their ages. */
export function expectedLabelShare(
  share: number,
  ages: readonly AgeClass[],
  counts: Readonly<Record<string, number>>,
): number {
  let sum = 0;
  let n = 0;
  for (const bin in counts) {
    const age = splitLabel(bin)?.ageDays ?? 0;
    const shift = ages.find(({ upToDays }) => age <= upToDays)?.shift ?? 0;
    sum += (counts[bin] ?? 0) * tilt(share, shift);
    n += counts[bin] ?? 0;
  }
  return n > 0 ? sum / n : share;
}
