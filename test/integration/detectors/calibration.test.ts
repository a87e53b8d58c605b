import { describe, expect, it } from "vitest";
import { runDelays, type DelayCase } from "../../../bench/detection/delay.ts";
import { runQuiet } from "../../../bench/detection/quiet.ts";

/**
 * A fast check with fixed seeds that the promise still holds. The budget here is thirty times the default's, so
 * that a few hundred days can tell a broken detector from a sound one: thirty false alarms per 1,000 days are
 * allowed, a sound detector raises about a dozen.
 */
describe("calibration", () => {
  const cells = [
    { why: "restless traffic, long baseline", world: "real", perDay: 480, start: { days: 14 }, days: 40 },
    { why: "restless traffic at high volume", world: "real", perDay: 20_000, start: { days: 14 }, days: 30 },
    { why: "a baseline of a hundred runs", world: "real", perDay: 480, start: { runs: 100 }, days: 30 },
    { why: "a few runs a day", world: "iid", perDay: 10, start: { days: 28 }, days: 120 },
  ] as const;
  it.each(cells)(
    "step() keeps its budget on quiet data: $why",
    ({ world, perDay, start, days }) => {
      const found = [1, 2].map((seed) => runQuiet({ world, perDay, start }, seed, days, 30));
      const alarms = found.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0);
      expect(alarms, found.flatMap(({ sentences }) => sentences).join("\n")).toBeLessThanOrEqual(
        Math.ceil((2 * days * 30) / 1000),
      );
      expect(found.reduce((sum, { falsePauses }) => sum + falsePauses, 0)).toBe(0);
    },
    60_000,
  );

  it("runQuiet() counts a false alarm that has gone before the day is over", () => {
    const cell = { world: "real", perDay: 480, start: { days: 28 } } as const;
    expect(runQuiet(cell, 7309, 6, 100).falseAlarms).toBe(1);
  });

  const source = "null_rate output.field2";
  const cases: DelayCase[] = [
    { name: "2 to 20 %", source, change: { to: 0.2 }, runsMax: 400 },
    { name: "2 to 100 %", source, change: { to: 1 }, runsMax: 40 },
    { name: "half a deviation", source: "latency ", change: { deviations: 0.5 }, runsMax: 1000 },
    {
      name: "a fifth of a category",
      source: "output_distribution output.category0",
      change: { variation: 0.2 },
      runsMax: 1000,
    },
  ];
  const found = [1, 2, 3].flatMap((seed) =>
    runDelays({ world: "iid", perDay: 480, baselineDays: 14 }, cases, seed),
  );
  it.each(cases)("step() finds $name within $runsMax runs at the default budget", ({ name }) => {
    const own = found.filter((result) => result.name === name);
    expect(own).toHaveLength(3);
    for (const { runs } of own) expect(runs).toBeGreaterThan(0);
  });
});
