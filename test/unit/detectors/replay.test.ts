import { describe, expect, it } from "vitest";
import { type Change, simulate } from "../../../bench/detection/world.ts";
import { createRandom } from "../../../bench/detection/random.ts";
import { replay, type VerdictChange } from "../../../src/detectors/replay.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import { type SignalBucket, signalId } from "../../../src/model/signal.ts";
import { startMs } from "./fixture.ts";

const id = "null_rate output.field2";

/** Three weeks of traffic in which a field is mostly empty on days 10 to 15. */
function stored() {
  const simulation = simulate("iid", 480, 3);
  const broken = new Map<string, Change>([[id, { to: 0.6 }]]);
  return Array.from({ length: 21 * 24 }, (_, hour) => {
    const isBroken = hour >= 10 * 24 && hour < 15 * 24;
    return simulation.buckets(startMs + hour * hourMs, hourMs, isBroken ? broken : undefined);
  }).flat();
}

describe("replay()", () => {
  const threeWeeks = stored();

  it("says what would have alerted, when, and when it was over", () => {
    const changes: VerdictChange[] = [];
    let learnedMs = 0;
    for (const progress of replay(threeWeeks, { bucketMs: hourMs, sweepMs: hourMs })) {
      changes.push(...progress.changes);
      if (learnedMs === 0 && progress.baseline !== null) learnedMs = progress.throughMs;
    }
    expect(learnedMs).toBeLessThanOrEqual(startMs + 8 * hourMs);
    expect(changes.map(({ change, signal }) => `${change} ${signalId(signal)}`)).toEqual([
      `drift w ${id}`,
      `recovered w ${id}`,
    ]);
    expect(changes[0]?.atMs).toBeLessThanOrEqual(startMs + 10 * dayMs + 4 * hourMs);
    expect(changes[1]?.atMs).toBeLessThanOrEqual(startMs + 15 * dayMs + 6 * hourMs);
  });

  it("takes a lasting drift for the new normal where its owner would", () => {
    const options = { bucketMs: hourMs, sweepMs: hourMs, acceptAfterMs: 2 * dayMs };
    const changes = [...replay(threeWeeks, options)].flatMap((progress) => progress.changes);
    const own = changes.filter(({ signal }) => `${signal.kind} ${signal.field}` === id);
    expect(own.map(({ change }) => change)).toEqual(["drift", "drift"]);
  });

  it.each([
    { perDay: 10, saturday: 0 },
    { perDay: 40, saturday: 0 },
    { perDay: 400, saturday: 0 },
    { perDay: 200, saturday: 12 },
  ])(
    "takes no rest for a drift at $perDay runs a day, open until $saturday on Saturdays, and finds that runs stopped",
    ({ perDay, saturday }) => {
      const draws = createRandom(perDay, 9);
      const stopMs = startMs + 30 * dayMs + 10 * hourMs;
      const hours = Array.from({ length: 33 * 24 }, (_, hour) => startMs + hour * hourMs);
      const buckets = hours.flatMap((atMs): SignalBucket[] => {
        const at = new Date(atMs);
        const closes = [0, 18, 18, 18, 18, 18, saturday][at.getUTCDay()] ?? 0;
        const isClosed = at.getUTCHours() < 8 || at.getUTCHours() >= closes;
        const run = isClosed || atMs >= stopMs ? 0 : draws.poisson(perDay / 10);
        const checked = { workflow: "w", kind: "errors", field: "", startMs: atMs } as const;
        // The last word comes once runs have stopped: time goes on.
        const told = run > 0 || atMs === hours.at(-1);
        const counts = { no: Math.max(run, 1) };
        const volume = { ...checked, kind: "volume", counts: { run } } as const;
        return told ? [{ ...checked, counts }, ...(run > 0 ? [volume] : [])] : [];
      });
      const changes = [...replay(buckets, { bucketMs: hourMs, sweepMs: hourMs })].flatMap(
        (one) => one.changes,
      );
      expect(changes.map(({ change, signal }) => `${change} ${signalId(signal)}`)).toEqual([
        "drift w volume ",
      ]);
      expect(changes[0]?.atMs).toBeGreaterThan(stopMs);
    },
  );

  it("says nothing about too little history", () => {
    const few = threeWeeks.filter(({ startMs: at }) => at < startMs + hourMs);
    const progress = [...replay(few, { bucketMs: hourMs, sweepMs: hourMs })];
    expect(progress.every(({ baseline, changes }) => baseline === null && changes.length === 0)).toBe(true);
  });
});
