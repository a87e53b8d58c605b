import type { Logger } from "pino";
import type { Journal } from "../journal/port.ts";
import { type Clock, minuteMs } from "../model/clock.ts";
import type { Incident } from "../model/incident.ts";
import type { Call } from "./call.ts";
import { type Attempt, attemptOf, attemptOfFault, type Notifier } from "./notifier.ts";
import { readNotice } from "./notice.ts";

/** How often firing alerts are sent again; Alertmanager forgets an alert at its `endsAt`. */
export const resendMs = minuteMs;
const lifetimeMs = 5 * resendMs;

/** An alert as `POST /api/v2/alerts` takes it. */
export interface AlertmanagerAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  generatorURL?: string;
}

/**
 * The alerts that stand for an incident. The labels are its identity, so a change of severity ends one alert and
 * starts another.
 */
export function alertsOf(
  incident: Incident,
  { nowMs, publicUrl }: { nowMs: number; publicUrl: string },
): AlertmanagerAlert[] {
  const resolved = incident.state === "resolved";
  const alert = (severity: Incident["severity"], ended: boolean): AlertmanagerAlert => ({
    labels: {
      alertname: "EvenkeelIncident",
      workflow: incident.workflow,
      incident: incident.incidentId,
      owner: incident.owner === "" ? "nobody" : incident.owner,
      severity,
    },
    annotations: {
      summary: incident.title,
      description: incident.cause.reasons.join("\n"),
      layer: incident.cause.layer,
      onset: new Date(incident.onsetMs).toISOString(),
      state: incident.state,
    },
    startsAt: new Date(Math.min(incident.openedAtMs, nowMs)).toISOString(),
    endsAt: new Date(ended ? nowMs : nowMs + lifetimeMs).toISOString(),
    ...(publicUrl === "" ? {} : { generatorURL: `${publicUrl}/incidents/${incident.incidentId}` }),
  });
  if (incident.severity === "warning") return [alert("warning", resolved)];
  return [alert("critical", resolved), alert("warning", true)];
}

export interface AlertmanagerDeps {
  call: Call;
  url: string;
  wallClock: Clock;
  publicUrl: string;
}

/** Posts alerts to an Alertmanager's v2 API. */
async function postAlerts(deps: AlertmanagerDeps, incidents: readonly Incident[]): Promise<Attempt> {
  const at = { nowMs: deps.wallClock.nowMs(), publicUrl: deps.publicUrl };
  const answer = await deps.call({
    method: "POST",
    url: `${deps.url.replace(/\/$/, "")}/api/v2/alerts`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(incidents.flatMap((incident) => alertsOf(incident, at))),
    publicOnly: false,
  });
  if (answer.status === 400) return { kind: "dead", error: "Alertmanager answered 400" };
  return attemptOf(answer);
}

/** Tells an Alertmanager of each transition at once; `resendMs` keeps the alerts alive in between. */
export function createAlertmanagerNotifier(deps: AlertmanagerDeps): Notifier {
  return {
    async deliver(message) {
      const notice = readNotice(message.payload);
      return notice.about === "incident"
        ? postAlerts(deps, [notice.event.incident])
        : { kind: "dead", error: "Cannot deliver: Alertmanager takes incidents only" };
    },
  };
}

/**
 * Creates the function that sends every alert that fires again, and for five minutes those that ended, so that an
 * Alertmanager that was restarted learns of both. Does not throw: the next time comes by itself.
 */
export function createResend(
  deps: AlertmanagerDeps & { journal: Pick<Journal, "incidents">; clock: Clock; log: Logger },
): () => Promise<void> {
  return async function resend() {
    const nowMs = deps.clock.nowMs();
    const current = deps.journal.incidents
      .list({ limit: 500 })
      .filter(({ resolvedAtMs }) => resolvedAtMs === null || nowMs - resolvedAtMs < lifetimeMs);
    if (current.length === 0) return;
    const attempt = await postAlerts(deps, current).catch(attemptOfFault);
    if (attempt.kind !== "delivered")
      deps.log.warn({ error: attempt.error }, "Cannot resend alerts to Alertmanager");
  };
}
