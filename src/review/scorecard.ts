import type { SignalKind } from "../model/signal.ts";

/** One success criterion, written before the pilot began. */
export interface Criterion {
  /** The signal that it speaks of. */
  metric: SignalKind;
  /** "" for the whole run. */
  field: string;
  /** The value must be at most this, in the unit of the metric; null where only `atLeast` counts. */
  atMost: number | null;
  atLeast: number | null;
  windowDays: number;
  /** Observations that one window must rest on. */
  runsMin: number;
  /** So many windows in a row must hold. */
  windows: number;
}

/** What one window showed. */
export interface WindowFigure {
  fromMs: number;
  toMs: number;
  /** Null where nothing was seen. */
  value: number | null;
  runs: number;
  holds: boolean | null;
}

/** Pass, fail, or not enough yet: the last is no opinion, and never a pass. */
export type Mark = "pass" | "fail" | "not enough yet";

/** A judged criterion with its figures, newest window first. */
export interface JudgedCriterion {
  criterion: Criterion;
  mark: Mark;
  windows: WindowFigure[];
}

/**
 * Judges one criterion. A window with enough runs that breaks it is a fail; too few runs in any window is not enough.
 *
 * @param seen one entry for each window, newest first.
 */
export function judgeCriterion(
  criterion: Criterion,
  seen: readonly Omit<WindowFigure, "holds">[],
): JudgedCriterion {
  const windows = seen
    .slice(0, criterion.windows)
    .map((figure) => ({ ...figure, holds: holds(criterion, figure) }));
  const mark = windows.some((figure) => figure.holds === false)
    ? "fail"
    : windows.length < criterion.windows || windows.some((figure) => figure.holds === null)
      ? "not enough yet"
      : "pass";
  return { criterion, mark, windows };
}

function holds(
  { atMost, atLeast, runsMin }: Criterion,
  { value, runs }: Omit<WindowFigure, "holds">,
): boolean | null {
  if (value === null || runs < runsMin) return null;
  return (atMost === null || value <= atMost) && (atLeast === null || value >= atLeast);
}

/** The mark of the whole card: one fail fails it, and everything must pass for a pass. */
export function markCard(marks: readonly Mark[]): Mark {
  if (marks.includes("fail")) return "fail";
  return marks.length > 0 && marks.every((mark) => mark === "pass") ? "pass" : "not enough yet";
}

/** More unusable runs than this share fail an audit. */
const unusableShareMax = 0.2;

/** A failure audit: the newest runs of one day, each looked at by a person. */
export interface Audit {
  atMs: number;
  runs: number;
  usable: number;
  minorEdits: number;
  unusable: number;
}

/** Judges an audit; it can fail before it is complete, and pass only then. */
export function judgeAudit({ runs, usable, minorEdits, unusable }: Audit): Mark {
  if (runs > 0 && unusable > unusableShareMax * runs) return "fail";
  return runs > 0 && usable + minorEdits + unusable >= runs ? "pass" : "not enough yet";
}
