import { Hono } from "hono";
import { expect, it } from "vitest";
import { explain } from "../../../src/detectors/explain.ts";
import type { SignalBoard } from "../../../src/web/boards/signal.ts";
import { SignalPage } from "../../../src/web/pages/signal.tsx";
import { drift, judged, key, startMs } from "../incidents/build.ts";

const figure = (value: number, low: number, high: number) => ({ value, low, high, runs: 40 });

it("SignalPage tells of volume what its sentence tells, not runs an hour that nobody counted", async () => {
  const verdict = drift(startMs, {
    unit: "runs/h",
    baseline: figure(8.44, 8, 9),
    current: figure(16.4, 12.7, 19.4),
  });
  const entry = judged(key("volume"), verdict, startMs);
  const board: SignalBoard = {
    info: { workflow: "triage", owner: "", lastRunAtMs: null } as SignalBoard["info"],
    signal: entry.signal,
    entry,
    explanation: explain(entry),
    series: null,
    distribution: [],
    changes: [],
    range: "24h",
    storeReached: true,
  };
  const app = new Hono();
  app.get("/", (c) => c.html(<SignalPage board={board} />));
  const page = await (await app.request("/")).text();
  expect(page).toContain("it brings 1.94 (1.5–2.3) times as many as is usual at that time of the week");
  expect(page).toContain("<strong>1.94 times</strong>");
  expect(page).toContain("the usual (1.5 to 2.3)");
  expect(page).toContain("<strong>8.44 runs/h</strong>");
  expect(page).not.toContain("16.4");
});
