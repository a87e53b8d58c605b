import { html } from "hono/html";
import { describe, expect, it } from "vitest";
import { type ChartMarks, MiniChart } from "../../../src/web/pages/chart.tsx";
import type { Series } from "../../../src/web/boards/series.ts";
import { hourMs } from "../../../src/model/clock.ts";

const steps = 30;

/** A signal that moves from one level to another at two thirds of the chart. */
function chart(from: number, to: number | null, unit: Series["unit"], onsetMs: number | null, newest = to) {
  const timesMs = Array.from({ length: steps }, (_, at) => at * hourMs);
  const series: Series = {
    signal: { workflow: "w", kind: "latency", field: "" },
    unit,
    of: "",
    stepMs: hourMs,
    timesMs,
    values: timesMs.map((_, at) => (at === steps - 1 ? newest : at < 20 ? from : to)),
    runs: timesMs.map(() => 10),
  };
  const marks: ChartMarks = {
    band: { low: from * 0.99, high: from * 1.01, value: from },
    onsetMs,
    changesMs: [],
  };
  return html`${MiniChart({ series, marks, label: "x" })}`;
}

/** How much of the chart's height the line takes, 0 to 1. */
function heightOf(svg: string): number {
  const line = /class="line" d="([^"]+)"/.exec(svg)?.[1] ?? "";
  const ys = [...line.matchAll(/[ML]\d+ ([\d.]+)/g)].map(([, y]) => Number(y));
  expect(ys).toHaveLength(steps);
  return (Math.max(...ys) - Math.min(...ys)) / 48;
}

describe("MiniChart()", () => {
  const drifts = [
    { why: "a latency that grew by a tenth", from: 1_000, to: 1_100, unit: "ms" as const },
    { why: "a share that grew within the first per cent", from: 0.001, to: 0.006, unit: "share" as const },
    { why: "a rate that fell a little", from: 100, to: 90, unit: "runs/h" as const },
    { why: "a share of nearly all", from: 0.0001, to: 0.94, unit: "share" as const },
  ];
  it.each(drifts)("shows $why in full where it drifts", async ({ from, to, unit }) => {
    expect(heightOf(await chart(from, to, unit, 20 * hourMs))).toBeGreaterThan(0.6);
  });

  it.each(drifts.slice(0, 3))("keeps $why small where nothing drifts", async ({ from, to, unit }) => {
    expect(heightOf(await chart(from, to, unit, null))).toBeLessThan(0.2);
  });

  it("shows a value that stands alone as a dot in front of the onset", async () => {
    const alone = await chart(0.02, null, "share", 29 * hourMs, 1);
    expect(String(alone)).toMatch(/class="onset".*<circle class="point" cx="216" cy="3"/s);
    expect(String(await chart(0.02, 1, "share", 20 * hourMs))).not.toContain("circle");
  });
});
