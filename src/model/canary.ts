import type { Json } from "./json.ts";

/** How many answers were compared with a pinned one, and how many of them differed. */
export interface Comparisons {
  compared: number;
  differed: number;
}

/** One frozen input of a workflow, with the answer that is pinned to it. */
export interface CanaryCase {
  workflow: string;
  caseId: string;
  inputs: Json;
  /** Null until a first round has given it. */
  pinned: PinnedAnswer | null;
  /** By field, over the rounds that were normal: how much answers differ from the pinned one by themselves. */
  noise: Record<string, Comparisons>;
  frozenAtMs: number;
}

/** A pinned answer. */
export interface PinnedAnswer {
  outputs: Json;
  /** The model that gave it, "" where unknown. */
  model: string;
  /** A person gave it, and it may name only some of the fields; else it is the first answer of a round. */
  isGiven: boolean;
}

/** One answer to a frozen input. */
export interface CanaryAnswer {
  caseId: string;
  runId: string;
  /** Null where it failed. */
  outputs: Json;
  /** Why it failed, "" where it did not. */
  error: string;
  /** The model that answered, and the fingerprint of what it ran on; "" where unknown. */
  model: string;
  fingerprint: string;
  /** What was deployed, "" where unknown. */
  version: string;
}

/** What a round said of one field. `model` stands for the model that answered. */
export interface CanaryField {
  field: string;
  /** In this round. */
  now: Comparisons;
  /** In the normal rounds before. */
  usual: Comparisons;
  /** Chance that mere noise differs as much; 1 where nothing can be said. */
  pValue: number;
  /** 1 is the alarm level. */
  evidence: number;
  verdict: "same" | "differs" | "not enough";
  /** Cases with an answer that differs, a few. */
  caseIds: string[];
}

/** Every frozen input answered, some times each. */
export interface CanaryRound {
  roundId: string;
  workflow: string;
  atMs: number;
  /**
   * `pinned`: the answers were pinned, or showed how much answers vary; `same` and `differs`: compared with the pinned
   * ones; `not enough`: too few answers for either.
   */
  outcome: "pinned" | "same" | "differs" | "not enough";
  answers: number;
  failed: number;
  fields: CanaryField[];
  version: string;
  models: string[];
  fingerprints: string[];
  /** The last moment that was known to be normal; where this round differs, it began after that. */
  normalAtMs: number;
  /** Where this round differs: the first of the rounds in a row that do. */
  differsSinceMs: number | null;
  /** A person said that the answers are meant to differ. */
  isMeant: boolean;
}
