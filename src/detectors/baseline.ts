import type { SignalKind } from "../model/signal.ts";

/**
 * What normal looks like for one workflow: plain JSON, pinned, kept on record.
 *
 * Every signal is a count over *k* coarse bins. A *score* gives each bin a number; a detector watches the sum
 * of a score over the observations, by exponential tilting (see `evidence.ts`).
 */
export interface WorkflowBaseline {
  format: 1;
  workflow: string;
  /** Span it was learned from; `toMs` exclusive. */
  fromMs: number;
  toMs: number;
  /** Runs in the span (the most observations of any signal where volume is not counted). */
  runs: number;
  /** A person chose the span: it never grows. */
  pinned: boolean;
  signals: SignalBaseline[];
}

/** How raw bins are gathered into *k* coarse ones. */
export type Layout =
  | { shape: "rate"; bins: string[] }
  | { shape: "category"; bins: string[]; rare: string[] }
  | { shape: "number"; bins: string[]; edges: number[] }
  | { shape: "volume"; bins: string[] }
  /** Delayed labels of which only "yes" is told, by classes of age up to so many days. */
  | { shape: "hazard"; bins: string[]; upToDays: number[] };

export type Shape = Layout["shape"];

/** A direction in which a signal may move, with what is known about its noise. */
export interface Score {
  /** What the figures speak of: "" for a rate, the bin of a category, `median`, `spread`, `above`, `below`. */
  of: string;
  /** *k* numbers, one per bin. */
  values: number[];
  /** The null is moved by these tilts before evidence counts (never by less); null switches a direction off. */
  up: number | null;
  down: number | null;
  /** Variance between days and between hours of a day, in units of the variance of one observation. */
  rhoDay: number;
  rhoHour: number;
  /** The same, at the cautious end of what the history allows: decides about a pause. */
  rhoDayStrict: number;
  rhoHourStrict: number;
}

/** Effects of the hour of day, of the weekday (UTC) and of both together on the logarithm of each bin's share. */
export interface Strata {
  /** 24 × *k*, null where history is shorter than two days. */
  hours: number[][] | null;
  /** 7 × *k*, Sunday first, null where history is shorter than two weeks, of volume shorter than one. */
  weekdays: number[][] | null;
  /** 168 × *k*, of volume alone: a Saturday may end at noon. */
  weekHours?: number[][];
}

/** What normal looks like for one signal. */
export interface SignalBaseline {
  kind: SignalKind;
  field: string;
  layout: Layout;
  /** Observations, and the days over which they were made. */
  runs: number;
  days: number;
  /** *k* shares summing to 1; for volume one number, the runs per hour; for a hazard labels per run and day. */
  shares: number[];
  strata: Strata | null;
  /** Shares of "yes" by age of the run, for delayed labels: upper age in days, and the shift of the log odds. */
  ages: { upToDays: number; shift: number }[] | null;
  scores: Score[];
}

/** A signal with too little history for a baseline is kept out of it until it has enough. */
export interface LearnOptions {
  /** Runs below which there is no baseline. 100 or more. */
  runsMin: number;
  /** Observations below which a delayed label has no baseline. */
  labelsMin: number;
  /** The span, where it is not the one of the buckets. */
  fromMs?: number;
  toMs?: number;
  /** Width of the buckets in the history. */
  bucketMs: number;
  /** A person chose the span. */
  pinned: boolean;
}

export const learnDefaults: LearnOptions = {
  runsMin: 100,
  labelsMin: 30,
  bucketMs: 3_600_000,
  pinned: false,
};
