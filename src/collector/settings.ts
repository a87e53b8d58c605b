import type { PinnedAnswer } from "../model/canary.ts";
import type { CompareRules } from "../model/compare-outputs.ts";
import type { Contract } from "../model/contract.ts";

/** What the collector needs to know of one workflow. */
export interface WorkflowSettings {
  contract: Contract;
  /** Runs with a confidence below it count as low; null where the owner named none. */
  confidenceBelow: number | null;
  /** How outputs are compared with people's decisions and pinned answers. */
  compare?: CompareRules;
  /** The answer that is pinned to a frozen input; null where there is none. */
  pinnedAnswer?: (caseId: string) => PinnedAnswer | null;
}

/** Words that mean something to every workflow. */
export interface Words {
  /** Values that mean nothing was there (`n/a`), in any case. */
  null: readonly string[];
  /** Text that shows a failed answer, besides the built-in ones. */
  failure: readonly string[];
}

/** The words known without configuration. */
export const defaultWords: Words = {
  null: ["n/a", "na", "none", "null", "nil", "nan", "undefined", "unknown", "-", "--", "tbd", "?"],
  failure: [],
};
