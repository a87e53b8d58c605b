import type { Approval } from "../model/approval.ts";
import type { Incident, IncidentEvent } from "../model/incident.ts";
import type { PauseState } from "../journal/port.ts";

/** What one message is about; the payload of the outbox, rendered by each notifier in its own way. */
export type Notice =
  | {
      about: "incident";
      event: IncidentEvent;
      /** As it is after the event. */
      pause: PauseState;
      /** What auto-pause would have done, had its mode been `on`. */
      wouldPause: boolean;
    }
  | { about: "pause"; pause: PauseState; owner: string; incident: Incident | null }
  | { about: "problem"; problemId: string; text: string; solved: boolean; atMs: number }
  | { about: "approval"; approval: ToldApproval; owner: string; openItems: number }
  | ({ about: "digest" } & Digest);

/** What people are told of a held item: nothing of its payload. */
export type ToldApproval = Pick<
  Approval,
  | "approvalId"
  | "workflow"
  | "action"
  | "reasons"
  | "state"
  | "heldAtMs"
  | "deadlineMs"
  | "decidedAtMs"
  | "actsOnTimeout"
>;

/** The last week of every workflow, a line each. */
export interface Digest {
  fromMs: number;
  toMs: number;
  lines: { workflow: string; text: string }[];
}

/** Reads a notice back from the outbox. */
export function readNotice(payload: string): Notice {
  return JSON.parse(payload) as Notice;
}
