import { afterAll, beforeAll, expect, it } from "vitest";
import { tellDigest } from "../../../src/digest.ts";
import { dayMs } from "../../../src/model/clock.ts";
import { type Receiver, startReceiver } from "../alerts/receiver.ts";
import { type Sidecar, startSidecar } from "../web/sidecar.ts";

const monday = Date.UTC(2026, 10, 16, 8);
let nowMs = monday - 3 * dayMs;
let slack: Receiver;
let sidecar: Sidecar;
beforeAll(async () => {
  slack = await startReceiver();
  const settings = {
    digest: "monday",
    quiet_hours: { from: "22:00", to: "07:00", timezone: "Europe/Berlin" },
    routes: { slack: { webhook_url: slack.url } },
    public_url: "https://evenkeel.example.test",
  };
  sidecar = await startSidecar(settings, { nowMs: () => nowMs });
});
afterAll(async () => {
  await sidecar.stop();
  await slack.close();
});

it("tellDigest() brings the week of every workflow to Slack once, on its day", async () => {
  const { parts } = sidecar.app;
  await tellDigest(parts);
  const runs = Array.from({ length: 8 }, (_, index) => ({
    run_id: `run-${index}`,
    workflow: "invoice <extraction>",
    status: index < 2 ? "error" : "ok",
    inputs: { text: "Invoice" },
    outputs: { total: index },
  }));
  await sidecar.send(runs);
  await sidecar.post("/v1/runs/run-3/review", {
    verdict: "edited",
    output: { total: 4 },
    reason: "wrong <total>",
  });
  await parts.writer()?.flush();

  await tellDigest(parts);
  await parts.alerts.drain();
  expect(slack.requests, "too early").toHaveLength(0);

  nowMs = monday;
  await tellDigest(parts);
  await tellDigest(parts);
  await parts.alerts.drain();
  expect(slack.requests).toHaveLength(1);
  const message = JSON.parse(slack.requests[0]?.body ?? "") as { blocks: unknown[] };
  const text = JSON.stringify(message.blocks);
  expect(text).toContain("https://evenkeel.example.test/workflows/invoice%20%3Cextraction%3E/report");
  expect(text).toContain(
    "8 runs (0 the week before) · failed 25.0 % (–) · overridden 100.0 % (–) of 1 reviewed",
  );
  expect(text).toContain("most corrected: `output.total` · most often because: wrong &lt;total&gt;");
});

it("tellDigest() goes on after a clock that was ahead for a while, and tells the busiest workflows first", async () => {
  const { parts } = sidecar.app;
  await sidecar.send(
    Array.from({ length: 9 }, (_, index) => ({
      run_id: `z-${index}`,
      workflow: "z",
      inputs: {},
      outputs: {},
    })),
  );
  await parts.writer()?.flush();
  nowMs = monday + 60 * dayMs;
  await tellDigest(parts);
  nowMs = monday + dayMs;
  await tellDigest(parts);
  await parts.alerts.drain();
  const before = slack.requests.length;
  nowMs = monday + 7 * dayMs;
  await tellDigest(parts);
  await parts.alerts.drain();
  expect(slack.requests.length - before).toBe(1);
  const { blocks } = JSON.parse(slack.requests.at(-1)?.body ?? "") as { blocks: unknown[] };
  expect(JSON.stringify(blocks[1])).toContain("/workflows/z/report");
});
