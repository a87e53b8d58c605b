import { dayMs, hourMs, minuteMs } from "../model/clock.ts";

/** How incidents are joined, remembered and repeated. */
export interface IncidentSettings {
  /** Two signals whose onset intervals come this close are one problem. */
  joinMs: number;
  /** A signal that comes back within this time after its incident was resolved reopens it. */
  reopenMs: number;
  /** An open incident that nobody has acknowledged is told again after this time; 0 for never. */
  remindMs: number;
}

export const defaultIncidentSettings: IncidentSettings = {
  joinMs: 30 * minuteMs,
  reopenMs: dayMs,
  remindMs: 4 * hourMs,
};
