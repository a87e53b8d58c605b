import { minuteMs } from "../../../src/model/clock.ts";
import type { Incident, IncidentEvent, IncidentEventKind } from "../../../src/model/incident.ts";
import type { PauseState } from "../../../src/journal/port.ts";
import type { Notice } from "../../../src/alerts/notice.ts";
import type { AlertSettings, PauseSettings } from "../../../src/alerts/settings.ts";
import { moved, startMs } from "../incidents/build.ts";

export { startMs } from "../incidents/build.ts";

/** An open incident of `invoices`: the vendor became empty. */
export function incident(overrides: Partial<Incident> = {}): Incident {
  const vendor = moved({ workflow: "invoices", kind: "null_rate", field: "output.vendor" }, startMs, {
    pause: true,
    effect: 40,
  });
  return {
    incidentId: "inc_0123456789abcdef",
    workflow: "invoices",
    owner: "invoices-team@example.test",
    state: "open",
    severity: "critical",
    openedAtMs: startMs + 20 * minuteMs,
    updatedAtMs: startMs + 20 * minuteMs,
    resolvedAtMs: null,
    snoozedUntilMs: null,
    onsetMs: startMs,
    signals: [vendor],
    cause: {
      layer: "upstream data",
      reasons: ["The inputs changed first: `input.supplier` is missing in 97 % of runs."],
      change: null,
      slice: null,
      lastGoodVersion: "v12",
    },
    exampleRunIds: ["run-1", "run-2", "run-3"],
    baselineRunIds: ["run-0"],
    title: "`output.vendor` was empty in 0.4 % of runs; since Tue 14:00 UTC it is empty in 31 %.",
    pausedWorkflow: false,
    stateActor: "evenkeel",
    notifiedAtMs: startMs + 20 * minuteMs,
    ...overrides,
  };
}

/** A transition of an incident. */
export function event(kind: IncidentEventKind, of: Incident = incident(), n = 0): IncidentEvent {
  return {
    eventId: `evt_${kind}${n}`,
    kind,
    incident: of,
    atMs: of.updatedAtMs,
    actor: "evenkeel",
    note: "",
  };
}

/** The pause state of `invoices`. */
export function pauseState(state: PauseState["state"]): PauseState {
  return {
    workflow: "invoices",
    state,
    sinceMs: startMs + 20 * minuteMs,
    reason: "`output.vendor` is empty in 31 % of runs.",
    actor: "evenkeel",
    incidentId: "inc_0123456789abcdef",
  };
}

/** The notice of a transition. */
export function notice(kind: IncidentEventKind, of: Incident = incident()): Notice {
  return { about: "incident", event: event(kind, of), pause: pauseState("running"), wouldPause: false };
}

/** Settings without routes, with auto-pause on for `invoices`. */
export function settings(
  routes: Partial<AlertSettings["routes"]> = {},
  pause: Partial<PauseSettings> = {},
): AlertSettings {
  return {
    routes: {
      slack: { webhook_url: "", bot_token: "", channel: "", signing_secret: "" },
      alertmanager: { url: "" },
      webhook: { url: "", secret: "" },
      ...routes,
    },
    allow_private_webhooks: true,
    public_url: "https://evenkeel.example.test",
    workflows: {
      invoices: {
        owner: "invoices-team@example.test",
        pause: {
          mode: "on",
          webhook: "",
          secret: "",
          on: ["null_rate", "output_distribution", "override_rate"],
          ...pause,
        },
      },
    },
  };
}
