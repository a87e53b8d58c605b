import { describe, expect, it } from "vitest";
import { type Change, simulate, sources, type World } from "../../../bench/detection/world.ts";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { startState, type WorkflowState } from "../../../src/detectors/state.ts";
import { step } from "../../../src/detectors/step.ts";
import { dayMs, hourMs, minuteMs } from "../../../src/model/clock.ts";
import type { SignalBucket } from "../../../src/model/signal.ts";
import { startMs } from "./fixture.ts";

const widthMs = 6 * minuteMs;
const endMs = startMs + 28 * dayMs;

interface Seen {
  /** Hours from the change to the drift, and from its mending, a day later, to the recovery. */
  foundHours: number;
  backHours: number;
  /** Recoveries while the change lasted. */
  early: number;
}

/** Lets one source change a few hours after the baseline, and mends it a day after that was noticed. */
function changeAndMend(world: World, source: string, change: Change, seed: number): Seen {
  const only = sources.filter(({ kind, field }) => `${kind} ${field}` === source);
  const simulation = simulate(world, 480, seed, only);
  const history: SignalBucket[] = [];
  for (let atMs = startMs; atMs < endMs; atMs += hourMs) history.push(...simulation.buckets(atMs, hourMs));
  const baseline = learnBaseline(history, { fromMs: startMs, toMs: endMs });
  let state = startState(baseline);
  const onsetMs = endMs + dayMs + 5 * hourMs;
  const seen: Seen = { foundHours: Infinity, backHours: Infinity, early: 0 };
  let mendMs = Infinity;
  for (let atMs = endMs; atMs < onsetMs + 20 * dayMs; atMs += widthMs) {
    const changes = atMs >= onsetMs && atMs < mendMs ? new Map([[source, change]]) : undefined;
    const throughMs = atMs + widthMs;
    const buckets = simulation.buckets(atMs, widthMs, changes);
    state = step(baseline, state, buckets, { throughMs, bucketMs: widthMs }).state;
    const drifts = state.signals[`w ${source}`]?.drift != null;
    if (drifts && seen.foundHours === Infinity) {
      seen.foundHours = (throughMs - onsetMs) / hourMs;
      mendMs = throughMs + dayMs;
    }
    if (drifts || seen.foundHours === Infinity) continue;
    if (atMs < mendMs) seen.early += 1;
    else return { ...seen, backHours: (throughMs - mendMs) / hourMs };
  }
  return seen;
}

const cases: { why: string; world: World; source: string; change: Change }[] = [
  { why: "a field that went empty", world: "real", source: "null_rate output.field0", change: { to: 1 } },
  { why: "a rate", world: "iid", source: "null_rate output.field2", change: { to: 0.2 } },
  {
    why: "a category",
    world: "iid",
    source: "output_distribution output.category0",
    change: { variation: 0.2 },
  },
  {
    why: "a category where days differ",
    world: "real",
    source: "output_distribution output.category2",
    change: { variation: 0.25 },
  },
  { why: "a number", world: "iid", source: "latency ", change: { deviations: 0.5 } },
  { why: "volume", world: "iid", source: "volume ", change: { factor: 0.3 } },
];
describe("step()", () => {
  it.each(cases)(
    "sees the end of a drift about as fast as its beginning: $why",
    ({ world, source, change }) => {
      const { foundHours, backHours, early } = changeAndMend(world, source, change, 1);
      expect(early).toBe(0);
      // A look every few minutes, and half a day, are no delay for an end.
      expect(backHours).toBeLessThan(Math.max(12, 3 * foundHours));
    },
  );

  it("sees that a new key has gone again, and says so", () => {
    const usual = Array.from({ length: 24 * 14 }, (_, hour) => bucketsAt(hour, false)).flat();
    const baseline = learnBaseline(usual);
    let state: WorkflowState = startState(baseline);
    const said: string[] = [];
    for (let hour = 24 * 14; hour < 24 * 17; hour++) {
      const hasKey = hour >= 24 * 15 && hour < 24 * 16;
      const throughMs = startMs + (hour + 1) * hourMs;
      const next = step(baseline, state, bucketsAt(hour, hasKey), { throughMs, bucketMs: hourMs });
      state = next.state;
      const verdict = next.verdicts.find(({ signal }) => signal.field === "output.fresh")?.verdict.kind;
      if (verdict !== undefined && verdict !== said.at(-1)) said.push(verdict);
    }
    expect(said).toEqual(["drift", "stable"]);
  });
});

/** Twenty runs of one hour. */
function bucketsAt(hour: number, hasKey: boolean): SignalBucket[] {
  const common = { workflow: "w", startMs: startMs + hour * hourMs };
  const fresh = { ...common, kind: "type" as const, field: "output.fresh", counts: { string: 20 } };
  return [
    { ...common, kind: "volume", field: "", counts: { run: 20 } },
    { ...common, kind: "type", field: "output", counts: { object: 20 } },
    ...(hasKey ? [fresh] : []),
  ];
}
