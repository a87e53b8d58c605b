import { expect, it } from "vitest";
import { storeAway } from "../../crash/store-away.ts";

it("serve loses nothing, refuses nothing and stops nobody while ClickHouse is failing, deaf, slow and away", async () => {
  const { acknowledged, drainRatio, faults, ...found } = await storeAway({
    secondsAway: 8,
    secondsFaulty: 3,
    runsPerSecond: 400,
  });
  expect(acknowledged).toBeGreaterThan(400 * 15);
  expect(Math.min(...Object.values(faults))).toBeGreaterThan(0);
  // More than came: it catches up. How much more depends on what else the machine does; `npm run test:crash` says it.
  expect(drainRatio).toBeGreaterThan(1);
  expect(found).toEqual({ lost: 0, doubled: 0, minutesOff: 0, refused: 0, failedCalls: [] });
});
