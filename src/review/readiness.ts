import type { Figure } from "../model/verdict.ts";
import { wilsonInterval } from "../model/wilson-interval.ts";
import { plural } from "../model/plural.ts";
import { type Mark, markCard } from "./scorecard.ts";

/** When a workflow in shadow mode is ready to be switched on. */
export interface ReadinessCriteria {
  /** Decisions that the verdict must rest on. */
  decisionsMin: number;
  /** The lower end of each field's agreement must reach it; 0 to 1. */
  agreementMin: number;
  /** The same for single fields (`total`), below the output. */
  fields: Readonly<Record<string, number>>;
  windowDays: number;
}

/** What was seen of one version in shadow mode. */
export interface ShadowFigures {
  version: string;
  decisions: number;
  fields: readonly { field: string; agreed: number; differed: number }[];
  /** Signals that drift, in words, and titles of incidents that are open. */
  drifts: readonly string[];
}

/** A field's agreement against its target. */
export interface JudgedField {
  field: string;
  target: number;
  agreement: Figure;
  mark: Mark;
}

/** Whether to switch on, and why. */
export interface Readiness {
  mark: Mark;
  /** One sentence. */
  says: string;
  decisions: { seen: number; needed: number; mark: Mark };
  fields: JudgedField[];
  drift: { mark: Mark; says: readonly string[] };
}

/**
 * Judges whether a workflow agrees with people well enough to act by itself. A field passes once the whole of its 95 %
 * interval lies above the target, and fails once all of it lies below; in between it takes more decisions.
 */
export function judgeReadiness(criteria: ReadinessCriteria, seen: ShadowFigures): Readiness {
  const needed = criteria.decisionsMin;
  const decisions = {
    seen: seen.decisions,
    needed,
    mark: seen.decisions >= needed ? ("pass" as const) : ("not enough yet" as const),
  };
  const fields = seen.fields
    .filter(({ field }) => field !== "")
    .map((one) => judgeField(criteria, one))
    .filter(({ target }) => target > 0);
  const drift = {
    mark: seen.drifts.length === 0 ? ("pass" as const) : ("fail" as const),
    says: seen.drifts,
  };
  const mark = markCard([decisions.mark, drift.mark, ...fields.map((one) => one.mark)]);
  const judged = { mark, decisions, fields, drift };
  return { ...judged, says: sentence(judged, seen.version) };
}

function judgeField(
  { agreementMin, fields }: ReadinessCriteria,
  { field, agreed, differed }: ShadowFigures["fields"][number],
): JudgedField {
  const below = field.replace(/^output\./, "");
  const target = Object.hasOwn(fields, below) ? (fields[below] ?? agreementMin) : agreementMin;
  const runs = agreed + differed;
  const value = runs === 0 ? 0 : agreed / runs;
  const agreement = { value, ...wilsonInterval(value, runs, 1.96), runs };
  const mark = agreement.low >= target ? "pass" : agreement.high < target ? "fail" : "not enough yet";
  return { field, target, agreement, mark };
}

function sentence({ mark, decisions, fields, drift }: Omit<Readiness, "says">, version: string): string {
  const on = version === "" ? "" : ` on version \`${version}\``;
  if (mark === "pass") {
    return `Ready to switch on: ${decisions.seen} ${plural(decisions.seen, "decision")}${on}, every field agrees as often as it must, and nothing drifts.`;
  }
  const failed = fields.filter((one) => one.mark === "fail").map((one) => shortfall(one));
  if (mark === "fail") return `Not ready: ${[...failed, ...drift.says].join("; ")}.`;
  const open = fields.filter((one) => one.mark === "not enough yet").map((one) => shortfall(one));
  const few =
    decisions.mark === "pass"
      ? []
      : [`${decisions.seen} of ${decisions.needed} ${plural(decisions.needed, "decision")}${on} so far`];
  return `Not enough yet: ${[...few, ...open].join("; ")}.`;
}

function shortfall({ field, agreement, target }: JudgedField): string {
  const percent = (share: number) => (share * 100).toFixed(0);
  const { value, low, high, runs } = agreement;
  return `\`${field}\` agrees in ${percent(value)} % (${percent(low)}–${percent(high)} %) of ${runs}, and must in ${percent(target)} %`;
}
