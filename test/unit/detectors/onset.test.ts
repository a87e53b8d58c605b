import { describe, expect, it } from "vitest";
import { findOnset } from "../../../src/detectors/onset.ts";
import type { Chunk } from "../../../src/detectors/state.ts";
import { dayMs, hourMs } from "../../../src/model/clock.ts";
import { quietBaseline } from "./fixture.ts";

const { baseline, endMs } = quietBaseline();
const yearMs = 365 * dayMs;

function found(kind: string, field: string, direction: "up" | "down", chunks: readonly Chunk[]) {
  const signal = baseline.signals.find((one) => one.kind === kind && one.field === field);
  const score = signal?.scores[0];
  if (signal === undefined || score === undefined) throw new RangeError(`Cannot find ${kind} ${field}`);
  return findOnset(signal, score, direction, chunks, (chunks.at(-1)?.atMs ?? 0) + hourMs);
}

/** Chunks of a null rate: values and empties, in order. */
function nulls(spans: readonly { atMs: number; values: number; empties: number; hours: number }[]): Chunk[] {
  return spans.map(({ atMs, values, empties, hours }) => {
    const n = values + empties;
    return { atMs, n, hours, x: [values, 0, empties, 0, 0], e: [0.98 * n, 0, 0.02 * n, 0, 0] };
  });
}

describe("findOnset()", () => {
  it("does not take years of quiet past for the time in which a drift may have begun", () => {
    const drift = { atMs: endMs + 3 * yearMs, values: 10, empties: 11, hours: 1 };
    const past = { atMs: endMs, values: 490_000, empties: 10_000, hours: 26_000 };
    const { atMs, earliestMs, latestMs } = found("null_rate", "output.field2", "up", nulls([past, drift]));
    expect(atMs).toBe(drift.atMs);
    expect(latestMs).toBeGreaterThanOrEqual(atMs);
    expect(earliestMs).toBeLessThan(atMs);
    expect(earliestMs).toBeGreaterThan(atMs - dayMs);
    expect([atMs, earliestMs, latestMs].every(Number.isInteger)).toBe(true);
  });

  it("goes back as far as the chunk before where that is short", () => {
    const hours = [0, 1, 2, 3].map((hour) => {
      const empties = hour < 2 ? 0 : 10;
      return { atMs: endMs + hour * hourMs, values: 20 - empties, empties, hours: 1 };
    });
    const { earliestMs } = found("null_rate", "output.field2", "up", nulls(hours));
    expect(earliestMs).toBe(endMs + hourMs);
  });

  it("begins no drift in a night without runs", () => {
    const evening = { atMs: endMs, values: 27, empties: 3, hours: 1 };
    const morning = { atMs: endMs + 15 * hourMs, values: 10, empties: 10, hours: 1 };
    const later = { atMs: endMs + 16 * hourMs, values: 10, empties: 10, hours: 1 };
    const { atMs } = found("null_rate", "output.field2", "up", nulls([evening, morning, later]));
    expect(atMs).toBe(morning.atMs);
  });

  it("knows when runs stopped", () => {
    const volume: Chunk[] = [0, 1, 2, 3].map((hour) => {
      const n = hour < 2 ? 20 : 0;
      return { atMs: endMs + hour * hourMs, n, hours: 1, x: [n], e: [20] };
    });
    const { atMs, earliestMs, latestMs } = found("volume", "", "down", volume);
    expect(Math.abs(atMs - (endMs + 2 * hourMs))).toBeLessThanOrEqual(hourMs);
    expect(earliestMs).toBeLessThanOrEqual(atMs);
    expect(latestMs).toBeGreaterThanOrEqual(atMs);
  });
});
