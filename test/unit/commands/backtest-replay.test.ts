import { describe, expect, it } from "vitest";
import { type Backtest, type BacktestInput, runBacktest } from "../../../src/commands/backtest-replay.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";

const workflow = "triage";
const days = 20;

/** Hours of 30 runs each, half of the outputs empty from `brokenFromMs` on but for `mended`, and none at all in `silence`. */
function hours(
  given: { brokenFromMs?: number; mended?: [number, number]; silence?: [number, number] } = {},
): SignalBucket[] {
  const { brokenFromMs = Infinity, mended = [Infinity, Infinity], silence = [Infinity, Infinity] } = given;
  const buckets: SignalBucket[] = [];
  for (let startMs = 0; startMs < days * dayMs; startMs += hourMs) {
    if (startMs >= silence[0] && startMs < silence[1]) continue;
    const isMended = startMs >= mended[0] && startMs < mended[1];
    const empty = startMs >= brokenFromMs && !isMended ? 15 : 0;
    buckets.push({ workflow, kind: "volume", field: "", startMs, counts: { run: 30 } });
    const counts = { value: 30 - empty, empty };
    buckets.push({ workflow, kind: "null_rate", field: "output.vendor", startMs, counts });
  }
  return buckets;
}

function backtest(given: Partial<BacktestInput>): { shares: number[]; result: Backtest } {
  const looks = runBacktest({
    workflow,
    owner: "",
    span: { fromMs: 0, toMs: days * dayMs, runs: days * 24 * 30 },
    stepMs: hourMs,
    buckets: hours(),
    versions: [],
    budget: { falseAlarmsPer1000WorkflowDays: 1 },
    runsMin: 100,
    baseline: null,
    ...given,
  });
  const shares: number[] = [];
  for (let look = looks.next(); ; look = looks.next()) {
    if (look.done === true) return { shares, result: look.value };
    shares.push(look.value);
  }
}

describe("runBacktest()", () => {
  it("runBacktest() tells how far it is, from the start to the end", () => {
    const { shares, result } = backtest({});
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    expect(result.incidents).toEqual([]);
  });

  it("runBacktest() opens one incident for a fault, and lays it to the version that came with it", () => {
    const atMs = 14 * dayMs;
    const versions = [
      { version: "v12", firstMs: 0, lastMs: atMs, runs: 10_000 },
      { version: "v13", firstMs: atMs, lastMs: days * dayMs, runs: 4_000 },
    ];
    const { incidents } = backtest({ buckets: hours({ brokenFromMs: atMs }), versions }).result;
    expect(incidents).toHaveLength(1);
    expect(incidents[0]).toMatchObject({ cause: { layer: "workflow logic", lastGoodVersion: "v12" } });
    expect(incidents[0]?.openedAtMs).toBeGreaterThan(atMs);
    expect(incidents[0]?.openedAtMs).toBeLessThan(atMs + 6 * hourMs);
  });

  it("runBacktest() lets no incident begin after its alert, also where the fault comes back", () => {
    const mended: [number, number] = [15 * dayMs, 16 * dayMs];
    const { incidents } = backtest({ buckets: hours({ brokenFromMs: 14 * dayMs, mended }) }).result;
    expect(incidents).toHaveLength(1);
    const [{ onsetMs, openedAtMs, signals } = { onsetMs: 0, openedAtMs: 0, signals: [] }] = incidents;
    // The drift in it is the second.
    expect(signals[0]?.drift.onset.atMs).toBeGreaterThan(openedAtMs);
    expect(onsetMs).toBeLessThanOrEqual(openedAtMs);
    expect(onsetMs).toBeGreaterThan(14 * dayMs - 2 * hourMs);
  });

  it("runBacktest() notices silence while it lasts, not when runs come again", () => {
    const silence: [number, number] = [14 * dayMs, 17 * dayMs];
    const { incidents } = backtest({ buckets: hours({ silence }) }).result;
    expect(incidents[0]?.signals[0]?.signal.kind).toBe("volume");
    expect(incidents[0]?.openedAtMs).toBeGreaterThan(silence[0]);
    expect(incidents[0]?.openedAtMs).toBeLessThan(silence[1]);
  });

  it("runBacktest() without enough runs has no baseline and judges nothing", () => {
    const { result } = backtest({ runsMin: 1_000_000, buckets: hours({ brokenFromMs: 14 * dayMs }) });
    expect(result).toEqual({ incidents: [], baseline: null, judgedFromMs: null });
  });
});
