import { type SignalKind, signalKinds } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";
import { categoryLayout, categoryScores } from "./category.ts";
import { hazardScores } from "./hazard.ts";
import { numberLayout, numberScores } from "./number.ts";
import { rateLayout, rateScores } from "./rate.ts";
import type { ScoreShape } from "./score.ts";
import { volumeLayout, volumeScore } from "./volume.ts";

/** Decides how a signal is watched: by its kind, and for mixed kinds by what its values mostly are. */
export function decideLayout(kind: SignalKind, counts: ReadonlyMap<string, number>): Layout {
  switch (signalKinds[kind]) {
    case "rate":
      return rateLayout(kind);
    case "volume":
      return volumeLayout;
    case "category":
      return categoryLayout(counts, kind === "type" ? "null" : "empty");
    case "number":
      return numberLayout(counts);
    case "label":
      return mostlyNumbers(counts) ? numberLayout(counts) : rateLayout(kind);
    case "mixed":
      return mostlyNumbers(counts) ? numberLayout(counts) : categoryLayout(counts, "empty");
  }
}

/** The scores of a layout, from *k* baseline shares. */
export function scoreShapes(layout: Layout, shares: readonly number[]): ScoreShape[] {
  switch (layout.shape) {
    case "rate":
      return rateScores(layout);
    case "category":
      return categoryScores(layout);
    case "number":
      return numberScores(layout, shares);
    case "volume":
      return [volumeScore];
    case "hazard":
      return hazardScores(layout);
  }
}

/** True if more than half of the values (empty ones aside) are numbers. */
function mostlyNumbers(counts: ReadonlyMap<string, number>): boolean {
  let numbers = 0;
  let others = 0;
  for (const [bin, n] of counts) {
    if (bin.startsWith("#")) numbers += n;
    else if (bin !== "empty") others += n;
  }
  return numbers > others;
}
