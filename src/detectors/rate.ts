import { eventBins } from "../model/signal.ts";
import type { Layout } from "./baseline.ts";
import type { ScoreShape } from "./score.ts";

/**
 * The layout of a rate: the event's bins stay apart (null, empty, placeholder, missing), so that an
 * explanation can name the one that moved; the rate is their sum.
 */
export function rateLayout(kind: string): Layout {
  return {
    shape: "rate",
    bins: kind === "null_rate" ? ["value", "null", "empty", "placeholder", "missing"] : ["no", "yes"],
  };
}

/** One score: 1 for an event, 0 otherwise. Upward tilts reach further, since rates near zero can only rise. */
export function rateScores(layout: Layout): ScoreShape[] {
  return [
    {
      of: "",
      values: layout.bins.map((bin) => (eventBins.has(bin) ? 1 : 0)),
      weight: 1,
      tilts: [0.25, 0.45, 0.7, 1.1, 1.7, 2.6, -0.25, -0.7, -1.6],
      effect: { relative: 0.2, absolute: 0.01 },
    },
  ];
}
