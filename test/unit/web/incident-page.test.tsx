import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { IncidentBoard } from "../../../src/web/boards/incident.ts";
import { IncidentPage } from "../../../src/web/pages/incident.tsx";
import { judged, key, moved, startMs } from "../incidents/build.ts";
import { incident } from "../alerts/build.ts";

async function pageOf(board: Partial<IncidentBoard>): Promise<string> {
  const whole: IncidentBoard = {
    incident: incident(),
    pause: { workflow: "w", state: "running", sinceMs: 0, reason: "", actor: "", incidentId: "" },
    signals: [],
    examples: [],
    baselines: [],
    deliveries: [],
    audit: [],
    storeReached: true,
    ...board,
  };
  const app = new Hono();
  app.get("/", (c) => c.html(<IncidentPage board={whole} nowMs={0} csrf="" actor="" />));
  return (await app.request("/")).text();
}

const signals = (count: number): IncidentBoard["signals"] =>
  Array.from({ length: count }, (_, index) => ({
    entry: judged(key("null_rate", `output.f${index}`), moved(key("null_rate"), startMs).drift, startMs),
    sentence: "It moved.",
    detectedAtMs: 0,
    recoveredAtMs: null,
    series: null,
  }));

describe("IncidentPage", () => {
  it("says how many signals have no chart, and where to see theirs", async () => {
    expect(await pageOf({ signals: signals(15) })).toContain(
      "Of 3 more, the name opens the page with the chart.",
    );
    expect(await pageOf({ signals: signals(12) })).not.toContain("Charts are drawn");
  });

  it("names the route of each message", async () => {
    const message = {
      key: "k",
      channel: "webhook",
      subject: "s",
      workflow: "w",
      payload: "{}",
      createdAtMs: 0,
    };
    const state = {
      state: "delivered" as const,
      attempts: 1,
      nextAttemptAtMs: 0,
      lastError: "",
      deliveredAtMs: 0,
    };
    const page = await pageOf({
      deliveries: [{ ...message, ...state, route: "webhook hooks.example.test" }],
    });
    expect(page).toContain('<th scope="row">webhook hooks.example.test</th>');
  });
});
