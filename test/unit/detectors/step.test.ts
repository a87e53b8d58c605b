import { describe, expect, it } from "vitest";
import { type Change, simulate } from "../../../bench/detection/world.ts";
import { startState, type WorkflowState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import { type SignalBucket, signalId } from "../../../src/model/signal.ts";
import type { SignalVerdict, Verdict } from "../../../src/model/verdict.ts";
import { quietBaseline } from "./fixture.ts";

const { baseline, endMs } = quietBaseline();

/** Steps hour by hour; returns the last result. */
function run(
  buckets: (atMs: number) => SignalBucket[],
  hours: number,
  state: WorkflowState = startState(baseline),
): { state: WorkflowState; verdicts: SignalVerdict[] } {
  let result: { state: WorkflowState; verdicts: SignalVerdict[] } = { state, verdicts: [] };
  for (let hour = 0; hour < hours; hour++) {
    const atMs = result.state.throughMs;
    result = step(baseline, result.state, buckets(atMs), { throughMs: atMs + hourMs, bucketMs: hourMs });
  }
  return result;
}

function verdictOf(verdicts: readonly SignalVerdict[], id: string): Verdict | undefined {
  return verdicts.find(({ signal }) => signalId(signal) === id)?.verdict;
}

describe("step()", () => {
  const quiet = simulate("iid", 480, 7);

  it("gives every signal a verdict at every step, insufficient before there are runs", () => {
    const { verdicts } = step(baseline, startState(baseline), [], { throughMs: endMs + minuteMs });
    expect(verdicts).toHaveLength(baseline.signals.length);
    expect(verdictOf(verdicts, "w null_rate output.field2")).toEqual({
      kind: "insufficient",
      runs: 0,
      runsMin: 20,
    });
  });

  it("calls quiet data stable, with figures", () => {
    const { verdicts } = run((atMs) => quiet.buckets(atMs, hourMs), 3 * 24);
    expect(verdicts.filter(({ verdict }) => verdict.kind === "drift")).toEqual([]);
    const verdict = verdictOf(verdicts, "w null_rate output.field3");
    expect(verdict).toMatchObject({ kind: "stable", unit: "share" });
    if (verdict?.kind !== "stable") return;
    expect(verdict.baseline.value).toBeCloseTo(0.1, 1);
    expect(verdict.current.low).toBeLessThan(verdict.current.value);
    expect(verdict.current.high).toBeGreaterThan(verdict.current.value);
    expect(verdict.current.value).toBeCloseTo(0.1, 1);
    expect(verdict.evidence).toBeLessThan(1);
  });

  it("gives the same state in one call as in many", () => {
    const buckets = Array.from({ length: 50 }, (_, hour) =>
      quiet.buckets(endMs + hour * hourMs, hourMs),
    ).flat();
    const throughMs = endMs + 50 * hourMs;
    const whole = step(baseline, startState(baseline), buckets, { throughMs, bucketMs: hourMs }).state;
    let split = startState(baseline);
    for (let at = endMs + hourMs; at <= throughMs; at += hourMs) {
      const part = buckets.filter(({ startMs }) => startMs === at - hourMs);
      split = step(baseline, split, part, { throughMs: at, bucketMs: hourMs }).state;
    }
    expect(JSON.parse(JSON.stringify(split))).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  it("does not change the state it was given, and survives JSON", () => {
    const before = run((atMs) => quiet.buckets(atMs, hourMs), 5).state;
    const text = JSON.stringify(before);
    const buckets = quiet.buckets(before.throughMs, hourMs);
    const options = { throughMs: before.throughMs + hourMs, bucketMs: hourMs };
    const after = step(baseline, before, buckets, options).state;
    expect(JSON.stringify(before)).toBe(text);
    const again = step(
      JSON.parse(JSON.stringify(baseline)) as typeof baseline,
      JSON.parse(text) as WorkflowState,
      buckets,
      options,
    ).state;
    expect(JSON.stringify(again)).toBe(JSON.stringify(after));
  });

  const id = "null_rate output.field2";
  const broken = new Map([[id, { to: 0.31 }]]);

  it("finds a null rate that jumped, with onset, figures and direction", () => {
    const quietState = run((atMs) => quiet.buckets(atMs, hourMs), 30).state;
    const onsetMs = quietState.throughMs;
    const { verdicts } = run((atMs) => quiet.buckets(atMs, hourMs, broken), 24, quietState);
    const verdict = verdictOf(verdicts, `w ${id}`);
    if (verdict?.kind !== "drift") throw new Error("no drift");
    expect(verdict.direction).toBe("up");
    expect(Math.abs(verdict.onset.atMs - onsetMs)).toBeLessThanOrEqual(2 * hourMs);
    expect(verdict.onset.earliestMs).toBeLessThanOrEqual(onsetMs + hourMs);
    expect(verdict.onset.latestMs).toBeGreaterThanOrEqual(onsetMs - hourMs);
    expect(verdict.baseline.value).toBeCloseTo(0.02, 2);
    expect(verdict.current.low).toBeLessThan(0.31);
    expect(verdict.current.high).toBeGreaterThan(0.25);
    expect(verdict.pause).toBe(true);
    expect(verdicts.filter((other) => other.verdict.kind === "drift")).toHaveLength(1);
  });

  it("stays in drift while it lasts and says when it is over", () => {
    const drifting = run((atMs) => quiet.buckets(atMs, hourMs, broken), 3 * 24).state;
    expect(drifting.signals[`w ${id}`]?.drift).not.toBeNull();
    const { state, verdicts } = run((atMs) => quiet.buckets(atMs, hourMs), 5 * 24, drifting);
    expect(state.signals[`w ${id}`]?.drift).toBeNull();
    expect(verdictOf(verdicts, `w ${id}`)?.kind).toBe("stable");
  });

  it("notices silence without a single bucket", () => {
    const busy = run((atMs) => quiet.buckets(atMs, hourMs), 24).state;
    const throughMs = busy.throughMs + 6 * hourMs;
    const { verdicts } = step(baseline, busy, [], { throughMs });
    expect(verdictOf(verdicts, "w volume ")).toMatchObject({
      kind: "drift",
      direction: "down",
      unit: "runs/h",
    });
  });

  it("counts a signal that the baseline does not know as insufficient", () => {
    const bucket: SignalBucket = {
      workflow: "w",
      kind: "null_rate",
      field: "output.fresh",
      startMs: endMs,
      counts: { value: 7 },
    };
    const { verdicts } = step(baseline, startState(baseline), [bucket], { throughMs: endMs + minuteMs });
    expect(verdictOf(verdicts, "w null_rate output.fresh")).toEqual({
      kind: "insufficient",
      runs: 7,
      runsMin: 100,
    });
  });

  it("finds a key that no run of the baseline had", () => {
    const fresh = (startMs: number): SignalBucket[] => {
      const buckets = quiet.buckets(startMs, hourMs);
      const runs = buckets.find(({ kind }) => kind === "volume")?.counts.run ?? 0;
      const counts = { string: Math.floor(runs / 2) };
      return [...buckets, { workflow: "w", kind: "type", field: "output.fresh", startMs, counts }];
    };
    const { verdicts } = run(fresh, 12);
    expect(verdictOf(verdicts, "w type output.fresh")).toMatchObject({
      kind: "drift",
      direction: "up",
      unit: "share",
    });
  });

  it("ignores buckets that were read before", () => {
    const state = { ...startState(baseline), throughMs: endMs + dayMs };
    const old = quiet.buckets(endMs, hourMs);
    const after = step(baseline, state, old, { throughMs: endMs + dayMs }).state;
    expect(after.signals["w null_rate output.field2"]).toBeUndefined();
  });

  it("finds a change in every kind of signal", () => {
    const changes = new Map<string, Change>([
      ["output_distribution output.category0", { variation: 0.2 }],
      ["latency ", { deviations: 1 }],
      ["override_rate ", { to: 0.6 }],
      ["errors ", { to: 0.2 }],
      ["volume ", { factor: 0.2 }],
    ]);
    const { verdicts } = run((atMs) => quiet.buckets(atMs, hourMs, changes), 10 * 24);
    for (const key of changes.keys()) expect(verdictOf(verdicts, `w ${key}`)?.kind, key).toBe("drift");
  });
});
