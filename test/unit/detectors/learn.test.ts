import { describe, expect, it } from "vitest";
import { learnBaseline } from "../../../src/detectors/learn.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import { numberBin, type SignalBucket, type SignalKind } from "../../../src/model/signal.ts";
import { history, quietBaseline, startMs } from "./fixture.ts";

/** One bucket an hour over some days, all alike. */
function even(
  kind: SignalKind,
  counts: Record<string, number>,
  days: number,
  field = "output.x",
): SignalBucket[] {
  return Array.from({ length: days * 24 }, (_, hour) => ({
    workflow: "w",
    kind,
    field,
    startMs: startMs + hour * hourMs,
    counts,
  }));
}

describe("learnBaseline()", () => {
  it("survives JSON and learns the same from the same history in any order", () => {
    const buckets = history("real", 480, 14);
    const baseline = learnBaseline(buckets);
    expect(JSON.parse(JSON.stringify(baseline))).toEqual(baseline);
    const ids = new Map(baseline.signals.map((signal) => [`${signal.kind} ${signal.field}`, signal]));
    for (const signal of learnBaseline([...buckets].reverse()).signals) {
      expect(signal.shares).toEqual(ids.get(`${signal.kind} ${signal.field}`)?.shares);
    }
  });

  const cases: {
    why: string;
    kind: SignalKind;
    counts: Record<string, number>;
    shape: string | undefined;
  }[] = [
    { why: "a kind that is a rate", kind: "errors", counts: { yes: 1, no: 19 }, shape: "rate" },
    {
      why: "strings are a category",
      kind: "output_distribution",
      counts: { "=a": 9, "=b": 9 },
      shape: "category",
    },
    {
      why: "mostly numbers are a number",
      kind: "output_distribution",
      counts: { [numberBin(3) ?? ""]: 7, [numberBin(8) ?? ""]: 7, "=n/a": 2 },
      shape: "number",
    },
    {
      why: "a delayed label is a rate",
      kind: "override_rate",
      counts: { "yes@0": 2, "no@3": 8 },
      shape: "rate",
    },
    {
      why: "a numeric outcome is a number",
      kind: "outcome",
      counts: { [numberBin(5) ?? ""]: 9 },
      shape: "number",
    },
    { why: "volume needs a week", kind: "volume", counts: { run: 9 }, shape: "volume" },
  ];
  it.each(cases)("decides the shape: $why", ({ kind, counts, shape }) => {
    expect(learnBaseline(even(kind, counts, 7)).signals[0]?.layout.shape).toBe(shape);
  });

  it("leaves out what has too little history, but asks less of delayed labels", () => {
    const few = [
      ...even("errors", { no: 1 }, 2),
      ...even("override_rate", { "no@1": 1 }, 2),
      ...even("volume", { run: 9 }, 6),
    ];
    expect(learnBaseline(few).signals.map(({ kind }) => kind)).toEqual(["override_rate"]);
  });

  it("finds the hours of the day where they differ, and none where they do not", () => {
    const seasonal = learnBaseline(history("seasonal", 20_000, 7));
    const steady = learnBaseline(history("iid", 480, 7));
    const volume = seasonal.signals.find(({ kind }) => kind === "volume");
    const hours = volume?.strata?.hours?.map(([effect = 0]) => effect) ?? [];
    expect(Math.max(...hours) - Math.min(...hours)).toBeGreaterThan(1);
    expect(steady.signals.find(({ kind }) => kind === "volume")?.strata).toBeNull();
  });

  it("knows restless days from chance", () => {
    const rho = (world: "iid" | "real"): number =>
      learnBaseline(history(world, 480, 28)).signals.find(({ field }) => field === "output.field3")?.scores[0]
        ?.rhoDay ?? NaN;
    expect(rho("real")).toBeGreaterThan(0.002);
    expect(rho("iid")).toBeLessThan(0.0015);
  });

  it("moves the null further for a small baseline than for a large one", () => {
    const bound = (days: number): number | null | undefined =>
      learnBaseline(even("errors", { yes: 1, no: 9 }, days)).signals[0]?.scores[0]?.up;
    expect(bound(1)).toBeGreaterThan(bound(20) ?? Infinity);
  });

  it("switches off a direction in which nothing is left", () => {
    const score = learnBaseline(even("null_rate", { value: 20 }, 20)).signals[0]?.scores[0];
    expect(score?.up).not.toBeNull();
    expect(score?.down).toBeNull();
  });

  it("treats free text as empty or not", () => {
    const unique = Array.from(
      { length: 200 },
      (_, at): SignalBucket => ({
        workflow: "w",
        kind: "output_distribution",
        field: "output.note",
        startMs: startMs + at * hourMs,
        counts: { [`=text ${at}`]: 1, empty: 1 },
      }),
    );
    expect(learnBaseline(unique).signals[0]?.layout.bins).toEqual(["rare values", "empty"]);
  });

  it("covers the span it was told, also where its ends brought no runs", () => {
    const { baseline, endMs } = quietBaseline();
    expect([baseline.fromMs, baseline.toMs]).toEqual([startMs, endMs]);
    expect(baseline.runs).toBeGreaterThan(28 * 480 * 0.9);
    expect(baseline.signals.every(({ days }) => days === (endMs - startMs) / dayMs)).toBe(true);
  });

  it("gives an empty baseline for an empty history", () => {
    expect(learnBaseline([], { fromMs: 0, toMs: dayMs }).signals).toEqual([]);
  });
});
