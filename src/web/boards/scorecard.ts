import { dayMs } from "../../model/clock.ts";
import { total } from "../../model/signal.ts";
import type { Unit } from "../../model/verdict.ts";
import { auditKey } from "../../review/fill-queue.ts";
import {
  type Audit,
  type Criterion,
  judgeAudit,
  judgeCriterion,
  type JudgedCriterion,
  type Mark,
  markCard,
} from "../../review/scorecard.ts";
import { countVerdicts } from "../../store/queries-review.ts";
import type { WebDeps } from "../ports.ts";
import { readCounts } from "./counts.ts";
import { guessMeasure, measureCounts } from "./series.ts";

/** A workflow's success criteria with what the runs say about them. */
export interface Scorecard {
  workflow: string;
  mark: Mark;
  criteria: (JudgedCriterion & { unit: Unit })[];
  audit: (Audit & { mark: Mark }) | null;
}

type Deps = Pick<WebDeps, "store" | "journal" | "clock" | "criteria">;

/** Judges a workflow by the criteria of the configuration and by its last failure audit. */
export async function buildScorecard(deps: Deps, workflow: string): Promise<Scorecard> {
  const nowMs = deps.clock.nowMs();
  const judged = await Promise.all(
    deps.criteria(workflow).map((criterion) => judge(deps, workflow, criterion, nowMs)),
  );
  const audit = await readAudit(deps, workflow);
  const marks = [...judged.map(({ mark }) => mark), ...(audit === null ? [] : [audit.mark])];
  return { workflow, mark: markCard(marks), criteria: judged, audit };
}

async function judge({ store }: Deps, workflow: string, criterion: Criterion, nowMs: number) {
  const signal = { workflow, kind: criterion.metric, field: criterion.field };
  const windowMs = criterion.windowDays * dayMs;
  const { unit, of } = guessMeasure(signal, []);
  const seen = await Promise.all(
    Array.from({ length: criterion.windows }, async (_, index) => {
      const toMs = nowMs - index * windowMs;
      const span = { fromMs: toMs - windowMs, toMs };
      const counts = await readCounts(store, signal, span);
      return {
        ...span,
        value: measureCounts({ kind: signal.kind, counts }, { unit, of }, windowMs),
        runs: total(counts),
      };
    }),
  );
  return { ...judgeCriterion(criterion, seen), unit };
}

async function readAudit({ store, journal }: Deps, workflow: string): Promise<Scorecard["audit"]> {
  const kept = journal.meta.get(auditKey(workflow));
  if (kept === null) return null;
  const { atMs, runIds } = JSON.parse(kept) as { atMs: number; runIds: string[] };
  const verdicts = await countVerdicts(store, runIds);
  const audit = {
    atMs,
    runs: runIds.length,
    usable: verdicts.get("approved") ?? 0,
    minorEdits: verdicts.get("edited") ?? 0,
    unusable: verdicts.get("rejected") ?? 0,
  };
  return { ...audit, mark: judgeAudit(audit) };
}
