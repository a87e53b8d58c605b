import { expect, it } from "vitest";
import { killSidecar } from "../../crash/kill-sidecar.ts";

// `npm run test:crash` kills a thousand times.
const kills = 30;

it(`serve keeps every acknowledged run and pause, once, through ${kills} kills under load`, async () => {
  const { startMs, acknowledged, pauses, ...found } = await killSidecar({ kills, seed: 20_261_120 });
  expect(startMs).toHaveLength(kills);
  expect(acknowledged).toBeGreaterThan(kills * 20);
  expect(pauses).toBeGreaterThan(0);
  expect(found).toEqual({ lost: 0, doubled: 0, minutesOff: 0, hoursOff: 0, untold: 0, toldTwice: 0 });
}, 900_000);
