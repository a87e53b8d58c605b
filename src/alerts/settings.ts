import type { SignalKind } from "../model/signal.ts";
import type { QuietHours } from "./quiet-hours.ts";

/** The part of the configuration that alerts read; keys as people write them (DESIGN 4.5). */
export interface AlertSettings {
  routes: {
    slack: {
      webhook_url: string;
      bot_token: string;
      channel: string;
      signing_secret: string;
      /** Where the Web API lives; Slack's own by default. */
      api_url?: string;
    };
    alertmanager: { url: string };
    /** `secret` may hold several, separated by spaces, for rotation. */
    webhook: { url: string; secret: string };
  };
  /** Lets webhooks and adapters reach private addresses. */
  allow_private_webhooks: boolean;
  /** Where people reach the page; "" for no links. */
  public_url: string;
  /** When warnings wait; pauses and what is critical never do. */
  quiet_hours?: QuietHours | undefined;
  workflows: Record<string, WorkflowAlertSettings>;
}

export interface WorkflowAlertSettings {
  owner: string;
  pause: PauseSettings;
}

/** What may stop a workflow, and how. */
export interface PauseSettings {
  mode: "off" | "dry-run" | "on";
  webhook: string;
  secret: string;
  on: readonly SignalKind[];
  adapter?: PauseAdapter | undefined;
}

/** The platform that runs a workflow. */
export interface PauseAdapter {
  platform: "n8n" | "make" | "temporal" | "airflow" | "prefect" | "trigger.dev" | "windmill";
  /** Base address of the platform's API. */
  url: string;
  /** Workflow, scenario, schedule, DAG, deployment or queue. */
  id: string;
  token: string;
  /** Temporal namespace or Windmill workspace. */
  namespace: string;
  /** Airflow's API version. */
  api_version?: number | undefined;
}

const unset: WorkflowAlertSettings = {
  owner: "",
  pause: { mode: "off", webhook: "", secret: "", on: [] },
};

/** A workflow's settings; off for one that the configuration does not name. */
export function settingsOf(settings: AlertSettings, workflow: string): WorkflowAlertSettings {
  const own = Object.hasOwn(settings.workflows, workflow) ? settings.workflows[workflow] : undefined;
  return own ?? unset;
}
