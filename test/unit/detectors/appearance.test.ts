import { describe, expect, it } from "vitest";
import { appearanceSignal } from "../../../src/detectors/appearance.ts";
import type { WorkflowBaseline } from "../../../src/detectors/baseline.ts";

const dayMs = 86_400_000;
const baseline = (runs: number): WorkflowBaseline => ({
  ...{ format: 1, workflow: "w", fromMs: 0, toMs: 7 * dayMs, runs, pinned: false, signals: [] },
});
const unknown = (field: string, kind: "type" | "null_rate" = "type") => ({
  kind,
  field,
  runs: 1,
  firstMs: 0,
});

describe("appearanceSignal()", () => {
  it("is compiled once for a baseline and a key", () => {
    const own = baseline(1000);
    const signal = appearanceSignal(own, unknown("output.a"));
    expect(signal?.key).toEqual({ workflow: "w", kind: "type", field: "output.a" });
    expect(appearanceSignal(own, { ...unknown("output.a"), runs: 9 })).toBe(signal);
    expect(appearanceSignal(own, unknown("output.b"))?.key.field).toBe("output.b");
    expect(appearanceSignal(baseline(100), unknown("output.a"))?.baseline.runs).toBe(100);
  });

  it("is none of what a new key has besides its type", () => {
    expect(appearanceSignal(baseline(1000), unknown("output.a", "null_rate"))).toBeNull();
  });
});
