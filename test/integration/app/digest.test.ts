import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type App, createApp } from "../../../src/app.ts";
import { configSchema } from "../../../src/config.ts";
import { tellDigest } from "../../../src/digest.ts";
import { dayMs } from "../../../src/model/clock.ts";
import { type Receiver, startReceiver } from "../alerts/receiver.ts";

const data = mkdtempSync(join(tmpdir(), "evenkeel-digest-"));
const monday = Date.UTC(2026, 10, 16, 8);
let nowMs = monday - 3 * dayMs;
let slack: Receiver;
let app: App;
beforeAll(async () => {
  slack = await startReceiver();
  const config = configSchema.parse({
    data,
    port: 0,
    digest: "monday",
    quiet_hours: { from: "22:00", to: "07:00", timezone: "Europe/Berlin" },
    routes: { slack: { webhook_url: slack.url } },
    public_url: "https://evenkeel.example.test",
  });
  app = await createApp({ config, clock: { nowMs: () => nowMs }, log: pino({ level: "silent" }) });
});
afterAll(async () => {
  await app.stop();
  await slack.close();
  rmSync(data, { recursive: true, force: true });
});

it("tellDigest() brings the week of every workflow to Slack once, on its day", async () => {
  const { ingest, writer, alerts } = app.parts;
  await tellDigest(app.parts);
  const runs = Array.from({ length: 8 }, (_, index) => ({
    run_id: `run-${index}`,
    workflow: "invoice <extraction>",
    status: index < 2 ? "error" : "ok",
    inputs: { text: "Invoice" },
    outputs: { total: index },
  }));
  await ingest.runs(Buffer.from(JSON.stringify(runs)));
  await ingest.review("run-3", { verdict: "edited", output: { total: 4 }, reason: "wrong <total>" });
  await writer()?.flush();

  await tellDigest(app.parts);
  await alerts.drain();
  expect(slack.requests, "too early").toHaveLength(0);

  nowMs = monday;
  await tellDigest(app.parts);
  await tellDigest(app.parts);
  await alerts.drain();
  expect(slack.requests).toHaveLength(1);
  const message = JSON.parse(slack.requests[0]?.body ?? "") as { blocks: unknown[] };
  const text = JSON.stringify(message.blocks);
  expect(text).toContain("https://evenkeel.example.test/workflows/invoice%20%3Cextraction%3E/report");
  expect(text).toContain(
    "8 runs (0 the week before) · failed 25.0 % (–) · overridden 100.0 % (–) of 1 reviewed",
  );
  expect(text).toContain("most corrected: `output.total` · most often because: wrong &lt;total&gt;");
});
