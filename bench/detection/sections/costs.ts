import { type CostResult, measureCost } from "../cost.ts";
import type { Section } from "../section.ts";
import type { Row } from "../table.ts";

/** Time of a sweep and size of the state. */
export const costs: Section<number, CostResult> = {
  name: "cost",
  units: ({ seed }) => [seed],
  run: (seed) => measureCost(20_000, seed),
  rows(done) {
    return done.flatMap(({ result }): Row[] => {
      const basis = `${result.signals} signals, processor time of one core`;
      const row = (name: string, figure: number, bar: number | null, unit: string): Row => ({
        group: "cost",
        name,
        figure,
        bar,
        unit,
        basis,
      });
      return [
        row("sweep of 20,000 signals", result.sweepMs, 2000, "ms"),
        row("largest state of a signal", result.stateBytesMax, 4096, "bytes"),
        row("largest state of a signal in drift", result.driftBytesMax, 4096, "bytes"),
        row("mean state of a signal", result.stateBytesMean, null, "bytes"),
        row("sweep at 50 times the traffic", result.busySweepMs / result.sweepMs, 2, "times"),
      ];
    });
  },
};
