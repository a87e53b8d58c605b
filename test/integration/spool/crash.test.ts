import { describe, expect, it } from "vitest";
import { killLoop } from "../../crash/kill-loop.ts";

const kills = Number(process.env.CRASH_KILLS ?? 3);
const seed = Number(process.env.CRASH_SEED ?? 20_261_120);

describe("spool and writer under kill -9", () => {
  it(
    "loses no acknowledged run, doubles none, and keeps the rollups equal to the runs",
    async () => {
      const result = await killLoop({ kills, seed });
      console.info(result);
      expect(result.acknowledged).toBeGreaterThan(100);
      const runs = result.acknowledged;
      expect(result).toMatchObject({ lost: 0, doubled: 0, minutes: runs, hours: runs });
    },
    120_000 + kills * 10_000,
  );

  it("would show doubles if batches had no token", async () => {
    const result = await killLoop({ kills: 1, seed, control: "no-token" });
    expect(result.lost).toBe(0);
    // In the table or in the rollups, whichever insert it was whose answer was lost.
    expect(result.doubled + result.minutes - result.acknowledged).toBeGreaterThan(0);
  });

  it("would show doubles if ids were not remembered", async () => {
    const result = await killLoop({ kills: 1, seed, control: "no-ids" });
    expect(result.lost).toBe(0);
    expect(result.doubled).toBeGreaterThan(0);
  });
});
