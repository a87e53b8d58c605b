import type { SignalKey, SignalKind } from "./signal.ts";

/** A measured quantity with a 95 % interval, and the observations it rests on. */
export interface Figure {
  value: number;
  low: number;
  high: number;
  runs: number;
}

/** What a signal's figures are measured in. `share` is 0 to 1. */
export type Unit = "share" | "ms" | "characters" | "tokens" | "usd" | "number" | "runs/h";

/** What the numbers of a kind are measured in, where the kind says it. */
export const unitOfKind: Partial<Record<SignalKind, Unit>> = {
  latency: "ms",
  approval_wait: "ms",
  tokens: "tokens",
  cost: "usd",
  text_length: "characters",
  volume: "runs/h",
};

/** There is not enough data to judge. */
export interface Insufficient {
  kind: "insufficient";
  runs: number;
  runsMin: number;
}

/** Nothing that matters has changed. `evidence` is relative: 1 is the alarm level. */
export interface Stable {
  kind: "stable";
  evidence: number;
  unit: Unit;
  /** What the figures speak of: a bin for a category, "" for a rate, `mean` for a number. */
  of: string;
  baseline: Figure;
  current: Figure;
}

/** A change that matters, beyond the false-alarm budget. */
export interface Drift {
  kind: "drift";
  evidence: number;
  unit: Unit;
  of: string;
  direction: "up" | "down";
  baseline: Figure;
  /** Measured from the onset. */
  current: Figure;
  /** When it began: the best estimate and an 80 % interval, in milliseconds since the epoch. */
  onset: { atMs: number; earliestMs: number; latestMs: number };
  /** The strict parameters for stopping an automation agree. */
  pause: boolean;
  /** How far it has moved, relative to what matters: for ordering, 1 is the smallest change that counts. */
  effect: number;
}

export type Verdict = Insufficient | Stable | Drift;

/** A verdict on one signal at one time. */
export interface SignalVerdict {
  signal: SignalKey;
  /** End of the last bucket that was read, in milliseconds since the epoch. */
  atMs: number;
  verdict: Verdict;
}
