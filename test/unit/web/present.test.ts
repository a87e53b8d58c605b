import { expect, it } from "vitest";
import { presentSignal } from "../../../src/web/api/present.ts";
import { drift, judged, key, stable, startMs } from "../incidents/build.ts";

const figure = (value: number, low: number, high: number) => ({ value, low, high, runs: 40 });

it("presentSignal() says of volume what was found: how many times as many runs came as are usual", () => {
  const moved = { unit: "runs/h", baseline: figure(8, 7, 9), current: figure(16, 12, 20) } as const;
  expect(presentSignal(judged(key("volume"), drift(startMs, moved), startMs), "")).toMatchObject({
    unit: "runs/h",
    current: { value: 16 },
    times_usual: { value: 2, low: 1.5, high: 2.5 },
  });
  const other = presentSignal(judged(key("errors"), stable(), startMs), "");
  expect([other.unit, other.times_usual]).toEqual(["share", null]);
});
