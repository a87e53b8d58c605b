import { dayMs } from "../../model/clock.ts";
import { judgeReadiness, type Readiness } from "../../review/readiness.ts";
import {
  countShadowRuns,
  type FieldAgreement,
  readDisagreementReasons,
  readDisagreements,
  readFieldAgreement,
} from "../../store/queries-practice.ts";
import type { WebDeps } from "../ports.ts";

/** A workflow in shadow mode: how it agrees with people, where not and why, and whether it is ready. */
export interface ShadowBoard {
  workflow: string;
  windowDays: number;
  /** The version that is judged: the latest that people decided on. */
  version: string;
  readiness: Readiness;
  runs: Awaited<ReturnType<typeof countShadowRuns>>;
  reasons: Awaited<ReturnType<typeof readDisagreementReasons>>;
  disagreements: Awaited<ReturnType<typeof readDisagreements>>;
  /** Versions judged before, newest first. */
  earlier: { version: string; agreed: number; differed: number }[];
}

const disagreementsMax = 50;

/** Gathers what is known of a workflow's shadow runs. */
export async function buildShadow(
  { store, watch, journal, clock, readiness }: WebDeps,
  workflow: string,
): Promise<ShadowBoard> {
  const criteria = readiness(workflow);
  const toMs = clock.nowMs() + 1;
  const of = { workflow, fromMs: toMs - criteria.windowDays * dayMs, toMs };
  const agreement = await readFieldAgreement(store, of);
  const whole = agreement.filter(({ field }) => field === "").sort((a, b) => b.lastMs - a.lastMs);
  const [latest, ...earlier] = whole;
  const version = latest?.version ?? "";
  const fields = agreement.filter((one) => one.version === version && one.field !== "");
  return {
    workflow,
    windowDays: criteria.windowDays,
    version,
    readiness: judgeReadiness(criteria, {
      version,
      decisions: decisionsOf(latest),
      fields,
      drifts: driftsOf({ watch, journal }, workflow),
    }),
    runs: await countShadowRuns(store, of),
    reasons: await readDisagreementReasons(store, of),
    disagreements: await readDisagreements(store, of, disagreementsMax),
    earlier,
  };
}

function decisionsOf(one: FieldAgreement | undefined): number {
  return one === undefined ? 0 : one.agreed + one.differed;
}

/** Open incidents by title; signals that drift and belong to none of them by their explanation. */
function driftsOf({ watch, journal }: Pick<WebDeps, "watch" | "journal">, workflow: string): string[] {
  const open = journal.incidents.list({ workflow, states: ["open", "acknowledged", "snoozed"] });
  if (open.length > 0) return open.map(({ title }) => title.replace(/\.$/, ""));
  return watch
    .signals(workflow)
    .filter(({ verdict }) => verdict.kind === "drift")
    .map((entry) => watch.explain(entry).replace(/\.$/, ""));
}
