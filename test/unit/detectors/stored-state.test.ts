import { describe, expect, it } from "vitest";
import { type Change, simulate, sources } from "../../../bench/detection/world.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { startState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { readState, storeSignal, storeState } from "../../../src/detectors/stored-state.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { startMs } from "./fixture.ts";

/** A busy workflow where days differ, with an outcome of which only "yes" is told. */
function buckets(atMs: number, changes?: ReadonlyMap<string, Change>): SignalBucket[] {
  const outcome = { workflow: "w", kind: "outcome" as const, field: "disputed", startMs: atMs };
  return [...simulation.buckets(atMs, hourMs, changes), { ...outcome, counts: { "yes@0": 9, "yes@2": 5 } }];
}

const simulation = simulate("real", 20_000, 2, sources);
const endMs = startMs + 28 * dayMs;
const before = Array.from({ length: 28 * 24 }, (_, hour) => buckets(startMs + hour * hourMs)).flat();
const baseline = learnBaseline(before, { fromMs: startMs, toMs: endMs });
const categories = baseline.signals.filter(({ layout }) => layout.shape === "category");

const quiet = Array.from({ length: 60 }).reduce<ReturnType<typeof startState>>((state) => {
  const atMs = state.throughMs;
  return step(baseline, state, buckets(atMs), { throughMs: atMs + hourMs, bucketMs: hourMs }).state;
}, startState(baseline));

const changes = new Map<string, Change>(
  categories.map(({ kind, field }) => [`${kind} ${field}`, { variation: 0.3 }]),
);
const drifting = Array.from({ length: 18 }).reduce<typeof quiet>((state) => {
  const atMs = state.throughMs;
  const counted = [
    ...buckets(atMs, changes),
    { workflow: "w", kind: "type" as const, field: "output.new", startMs: atMs, counts: { string: 3 } },
  ];
  return step(baseline, state, counted, { throughMs: atMs + hourMs, bucketMs: hourMs }).state;
}, quiet);

describe("storeState()", () => {
  const cases = [
    { why: "of a workflow that nothing has been read of", state: startState(baseline) },
    { why: "of a quiet workflow", state: quiet },
    { why: "of drifts, labels that may be late, and a new key", state: drifting },
  ];
  it.each(cases)("keeps the state $why to the last digit", ({ state }) => {
    expect(JSON.stringify(readState(storeState(state)))).toBe(JSON.stringify(state));
  });

  it("is tried on all that a state can hold", () => {
    const signals = Object.values(drifting.signals);
    expect(signals.filter(({ drift }) => drift !== null).length).toBeGreaterThan(3);
    expect(signals.some(({ plugin }) => plugin !== undefined)).toBe(true);
    expect(signals.some(({ chunks }) => chunks.some(({ late }) => late !== undefined))).toBe(true);
    expect(Object.keys(drifting.unknown)).toHaveLength(1);
    expect(drifting.cohorts).toBeDefined();
  });

  it("keeps every signal within 4 KB, also with an open drift", () => {
    for (const state of [quiet, drifting]) {
      for (const [id, signal] of Object.entries(state.signals)) {
        expect(JSON.stringify(storeSignal(signal)).length, id).toBeLessThan(4096);
      }
    }
  });
});

describe("readState()", () => {
  it("reads a state that was kept as it is in memory", () => {
    expect(readState(JSON.stringify(drifting))).toEqual(drifting);
  });
});
