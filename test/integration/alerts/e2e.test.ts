import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hourMs, minuteMs } from "../../../src/model/clock.ts";
import type { Incident } from "../../../src/model/incident.ts";
import { type ClockedSidecar, startClockedSidecar } from "../incidents/clocked-sidecar.ts";
import { createFaultCases, type FaultCase } from "../incidents/faults.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { createSdkTraffic, type SdkTraffic } from "./sdk-traffic.ts";

/** The faults of the road from verdict to action, one workflow each, all in one sidecar. */
const faults = [
  "upstream field renamed",
  "tool failing",
  "prompt edited",
  "model switched",
  "one customer's traffic changed",
  "one source broken",
];
const cases = createFaultCases(4, 1, faults);
/** A day of six workflows takes a minute on an idle machine. */
const testMsMax = 900_000;
const secret = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;

interface Alert {
  labels: Record<string, string>;
  endsAt: string;
}

describe("a fault, from the SDK to people and back", () => {
  let slack: Receiver;
  let alertmanager: Receiver;
  let hooks: Receiver;
  let sidecar: ClockedSidecar;
  let traffic: SdkTraffic;
  const broken = new Set<string>();
  const verified: { path: string; message: unknown }[] = [];

  beforeAll(async () => {
    slack = await startReceiver(({ path }) => ({
      status: path === "/services/T/B/e2e" ? 200 : 404,
      body: "ok",
    }));
    alertmanager = await startReceiver(({ path }) => ({ status: path === "/api/v2/alerts" ? 200 : 404 }));
    // Verified on arrival: a signature is good for five minutes.
    hooks = await startReceiver(({ path, body, headers }) => {
      const message = new Webhook(secret).verify(body, headers as Record<string, string>);
      verified.push({ path, message });
      return { status: 200 };
    });
    sidecar = await startClockedSidecar(cases, {
      allow_private_webhooks: true,
      public_url: "https://evenkeel.example.test",
      routes: {
        slack: { webhook_url: `${slack.url}/services/T/B/e2e` },
        alertmanager: { url: alertmanager.url },
      },
      workflows: Object.fromEntries(
        cases.map(({ workflow }) => [
          workflow,
          {
            owner: `${workflow}@example.test`,
            pause: { mode: "on", webhook: `${hooks.url}/${workflow}`, secret },
          },
        ]),
      ),
    });
    traffic = createSdkTraffic(sidecar.url);
  }, testMsMax);

  afterAll(async () => {
    await traffic.client.shutdown();
    await sidecar.stop();
    for (const receiver of [slack, alertmanager, hooks]) await receiver.close();
  });

  /**
   * Lets time pass, hour by hour, until something holds for every workflow. A workflow whose gate is closed takes no
   * work, as a well-behaved one does; the gate is asked after each sweep.
   */
  async function liveUntil(holds: (one: FaultCase) => boolean, hoursMax: number): Promise<void> {
    for (let hour = 0; hour < hoursMax && !(hour > 0 && cases.every(holds)); hour += 1) {
      let isOpen = new Map<string, boolean>();
      await sidecar.advanceTo(sidecar.nowMs() + hourMs, async (atMs) => {
        if (atMs % (20 * minuteMs) === minuteMs || isOpen.size === 0) isOpen = await gates();
        const working = cases.filter(({ workflow }) => isOpen.get(workflow));
        await traffic.play(working.flatMap((one) => one.runs(atMs, broken.has(one.workflow))));
      });
      await sidecar.app.parts.alerts.drain();
    }
  }

  async function gates(): Promise<Map<string, boolean>> {
    const open = new Map<string, boolean>();
    for (const { workflow } of cases)
      open.set(workflow, (await traffic.client.gate(workflow, { maxAgeMs: 0 })).open);
    return open;
  }

  const incidentsOf = ({ workflow }: FaultCase): Incident[] =>
    sidecar.app.parts.journal.incidents.list({ workflow });
  const alertsOf = ({ workflow }: FaultCase): Alert[] =>
    alertmanager.requests
      .flatMap(({ body }) => JSON.parse(body) as Alert[])
      .filter(({ labels }) => labels.workflow === workflow);
  const slackOf = ({ workflow }: FaultCase) =>
    slack.requests
      .filter(({ method, path }) => method === "POST" && path === "/services/T/B/e2e")
      .map(({ body }) => ({ body, text: (JSON.parse(body) as { text: string }).text }))
      .filter(({ text }) => text.includes(workflow));
  const pausesOf = ({ workflow }: FaultCase) =>
    verified.filter(({ path }) => path === `/${workflow}`).map(({ message }) => message);

  it(
    "says nothing while nothing is wrong",
    async () => {
      await liveUntil(() => false, 2);
      // The clock jumps, which the sidecar may take for a sweep that fails; of the workflows it must say nothing.
      expect(cases.flatMap(slackOf)).toEqual([]);
      expect(alertmanager.requests).toEqual([]);
      expect(hooks.requests).toEqual([]);
    },
    testMsMax,
  );

  it(
    "opens one incident per fault, tells Slack and Alertmanager, closes the gate and calls the webhook",
    async () => {
      for (const { workflow } of cases) broken.add(workflow);
      await liveUntil((one) => pausesOf(one).length > 0, 24);
      for (const one of cases) {
        const [incident, ...others] = incidentsOf(one);
        const seen = {
          workflow: one.workflow,
          others: others.length,
          layer: incident?.cause.layer,
          state: incident?.state,
        };
        expect(seen).toEqual({ workflow: one.workflow, others: 0, layer: one.layer, state: "open" });
        const gate = await (await fetch(`${sidecar.url}/v1/workflows/${one.workflow}/gate`)).json();
        expect(gate).toMatchObject({ state: "paused", incident_id: incident?.incidentId });
        const thread = slackOf(one);
        expect(thread[0]?.body).toContain(`Likely cause: ${one.layer}`);
        expect(alertsOf(one).at(-1)?.labels).toMatchObject({ owner: `${one.workflow}@example.test` });
        expect(pausesOf(one)).toMatchObject([
          { type: "workflow.paused", data: { workflow: one.workflow, state: "paused" } },
        ]);
      }
    },
    testMsMax,
  );

  const post = (path: string, reason: string) =>
    fetch(`${sidecar.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ actor: "ana", reason }),
    });
  const isResolved = (one: FaultCase): boolean => incidentsOf(one).every(({ state }) => state === "resolved");

  it(
    "resumes by a person, recovers once the fault is mended, and tells everyone of both",
    async () => {
      broken.clear();
      for (const { workflow } of cases)
        expect((await post(`/v1/workflows/${workflow}/resume`, "mended")).status).toBe(200);
      await liveUntil(isResolved, 24);
      const recovered = cases.filter(isResolved).map(({ fault }) => fault);
      expect(recovered).toEqual(expect.arrayContaining(["upstream field renamed", "tool failing"]));
      // A shift of shares on a restless day takes the detectors longer to see gone; people need not wait for it.
      for (const one of cases.filter((open) => !isResolved(open)))
        for (const { incidentId } of incidentsOf(one))
          expect((await post(`/v1/incidents/${incidentId}/resolve`, "mended")).status).toBe(200);
      await sidecar.app.parts.alerts.drain();
      for (const one of cases) {
        expect({ workflow: one.workflow, resolved: isResolved(one) }).toEqual({
          workflow: one.workflow,
          resolved: true,
        });
        expect(pausesOf(one).at(-1)).toMatchObject({
          type: "workflow.resumed",
          data: { actor: "ana", reason: "mended" },
        });
        expect(slackOf(one).at(-1)?.text).toContain(recovered.includes(one.fault) ? "recovered" : "resolved");
        expect(Date.parse(alertsOf(one).at(-1)?.endsAt ?? "")).toBeLessThanOrEqual(Date.now());
      }
    },
    testMsMax,
  );
});
