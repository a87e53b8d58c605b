import { expect, it } from "vitest";
import type { PauseAdapter } from "../../../src/alerts/settings.ts";
import { settings } from "../../unit/alerts/build.ts";
import { createBench } from "./bench.ts";
import { startReceiver } from "./receiver.ts";

interface Case {
  platform: PauseAdapter["platform"];
  adapter?: Partial<PauseAdapter>;
  auth: [string, string];
  /** Method, path and body of the pause, then of the resume. */
  calls: [string, string, string][];
}

const cases: Case[] = [
  {
    platform: "n8n",
    auth: ["x-n8n-api-key", "t"],
    calls: [
      ["POST", "/api/v1/workflows/id/deactivate", ""],
      ["POST", "/api/v1/workflows/id/activate", ""],
    ],
  },
  {
    platform: "n8n",
    adapter: { api_version: 2 },
    auth: ["x-n8n-api-key", "t"],
    calls: [
      ["POST", "/api/v1/workflows/id/unpublish", ""],
      ["POST", "/api/v1/workflows/id/activate", ""],
    ],
  },
  {
    platform: "make",
    auth: ["authorization", "Token t"],
    calls: [
      ["POST", "/api/v2/scenarios/id/stop", ""],
      ["POST", "/api/v2/scenarios/id/start", ""],
    ],
  },
  {
    platform: "temporal",
    adapter: { namespace: "prod" },
    auth: ["authorization", "Bearer t"],
    calls: [
      ["POST", "/api/v1/namespaces/prod/schedules/id/patch", '{"patch":{"pause":"totals are wrong"}}'],
      ["POST", "/api/v1/namespaces/prod/schedules/id/patch", '{"patch":{"unpause":"fixed"}}'],
    ],
  },
  {
    platform: "airflow",
    auth: ["authorization", "Bearer t"],
    calls: [
      ["PATCH", "/api/v2/dags/id?update_mask=is_paused", '{"is_paused":true}'],
      ["PATCH", "/api/v2/dags/id?update_mask=is_paused", '{"is_paused":false}'],
    ],
  },
  {
    platform: "airflow",
    adapter: { api_version: 1, token: "user:pass" },
    auth: ["authorization", `Basic ${Buffer.from("user:pass").toString("base64")}`],
    calls: [
      ["PATCH", "/api/v1/dags/id?update_mask=is_paused", '{"is_paused":true}'],
      ["PATCH", "/api/v1/dags/id?update_mask=is_paused", '{"is_paused":false}'],
    ],
  },
  {
    platform: "prefect",
    auth: ["authorization", "Bearer t"],
    calls: [
      ["POST", "/api/deployments/id/pause_deployment", ""],
      ["POST", "/api/deployments/id/resume_deployment", ""],
    ],
  },
  {
    platform: "trigger.dev",
    auth: ["authorization", "Bearer t"],
    calls: [
      ["POST", "/api/v1/queues/id/pause", '{"type":"task","action":"pause"}'],
      ["POST", "/api/v1/queues/id/pause", '{"type":"task","action":"resume"}'],
    ],
  },
  {
    platform: "windmill",
    adapter: { namespace: "team", id: "f/invoices/nightly" },
    auth: ["authorization", "Bearer t"],
    calls: [
      ["POST", "/api/w/team/schedules/setenabled/f/invoices/nightly", '{"enabled":false}'],
      ["POST", "/api/w/team/schedules/setenabled/f/invoices/nightly", '{"enabled":true}'],
    ],
  },
];

it.each(cases)("pause and resume reach $platform $adapter by path, method, auth and body", async (given) => {
  const server = await startReceiver();
  const adapter: PauseAdapter = {
    platform: given.platform,
    url: server.url,
    id: "id",
    token: "t",
    namespace: "",
    ...given.adapter,
  };
  const bench = createBench(settings({}, { adapter }));
  bench.alerts.pauseWorkflow({ workflow: "invoices", actor: "ana", reason: "totals are wrong" });
  await bench.alerts.drain();
  bench.alerts.resumeWorkflow({ workflow: "invoices", actor: "ana", reason: "fixed" });
  await bench.alerts.drain();
  expect(server.requests.map(({ method, path, body }) => [method, path, body])).toEqual(given.calls);
  const [header, value] = given.auth;
  for (const { headers } of server.requests) expect(headers[header]).toBe(value);
  await bench.close();
  await server.close();
});
