import { type Clock, hourMs } from "../model/clock.ts";
import type { Incident } from "../model/incident.ts";
import { readSlackPress, type SlackPress } from "./slack-actions.ts";

interface Act {
  actor: string;
  reason: string;
}

/** What a button may ask of the monitor; the watch and the ledger do it. */
export interface SlackOrders {
  acknowledge(incidentId: string, act: Act): unknown;
  snooze(incidentId: string, act: Act, untilMs: number): unknown;
  resolve(incidentId: string, act: Act): unknown;
  pause(workflow: string, act: Act): unknown;
  resume(workflow: string, act: Act): unknown;
  incident(incidentId: string): Incident | null;
}

export interface SlackEndpointDeps {
  signingSecret: string;
  orders: SlackOrders;
  /** Time of the data, for snoozing. */
  clock: Clock;
  /** Real time, for the signature. */
  wallClock: Clock;
}

const snoozeMs = 4 * hourMs;
const bodyBytesMax = 256 * 1024;

/**
 * Creates the handler of `POST /slack/actions`. It answers at once (Slack waits 3 s); what a press changed shows in
 * the message, which is brought up to date like after any other transition.
 */
export function createSlackEndpoint(deps: SlackEndpointDeps): (request: Request) => Promise<Response> {
  return async function handle(request) {
    if (Number(request.headers.get("content-length") ?? 0) > bodyBytesMax) return answer(413, "Too large");
    const body = await request.text();
    const read = readSlackPress(
      {
        body,
        timestamp: request.headers.get("x-slack-request-timestamp") ?? "",
        signature: request.headers.get("x-slack-signature") ?? "",
      },
      { signingSecret: deps.signingSecret, nowMs: deps.wallClock.nowMs() },
    );
    if (read.kind === "refused") return answer(401, read.reason);
    if (read.kind === "press") obey(deps, read.press);
    return answer(200, "");
  };
}

function obey({ orders, clock }: SlackEndpointDeps, { action, incidentId, actor }: SlackPress): void {
  const incident = orders.incident(incidentId);
  if (incident === null) return;
  const act = { actor, reason: "by button in Slack" };
  switch (action) {
    case "acknowledge":
      orders.acknowledge(incidentId, act);
      break;
    case "snooze":
      orders.snooze(incidentId, act, clock.nowMs() + snoozeMs);
      break;
    case "resolve":
      orders.resolve(incidentId, act);
      break;
    case "pause":
      orders.pause(incident.workflow, act);
      break;
    case "resume":
      orders.resume(incident.workflow, act);
      break;
  }
}

function answer(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain" } });
}
